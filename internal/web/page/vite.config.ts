import { svelte } from '@sveltejs/vite-plugin-svelte'
import { loadEnv } from 'vite'
import { defineConfig } from 'vitest/config'

export default defineConfig(({ mode }) => {
  // Where `npm run dev` finds the API: a running `redistop web`.
  const api = loadEnv(mode, '.', 'REDISTOP_')['REDISTOP_API'] ?? 'http://127.0.0.1:7979'
  return {
    plugins: [svelte()],
    // Everything is a file of its own: the page's policy takes no script or style that stands in a document or a data: URL.
    build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
    server: { proxy: { '/api': api } },
    preview: { proxy: { '/api': api } },
    test: { include: ['src/**/*.test.ts'] },
  }
})
