import { mount } from 'svelte'
import App from './App.svelte'
import './style/base.css'
import './style/parts.css'
import 'uplot/dist/uPlot.min.css'
import './style/charts.css'

const target = document.getElementById('page')
if (!target) throw new Error('no element "page" to show the page in')
mount(App, { target })
