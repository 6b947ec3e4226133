package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"redistop/internal/stats"
)

// app is the Bubble Tea model. Only the program's goroutine touches it.
type app struct {
	Options
	ctx     context.Context
	view    *view
	theme   *theme
	word    string // the theme as the user named it
	dark    bool   // the terminal's background
	plain   bool   // NO_COLOR, or a terminal without colours
	dirty   bool   // the frame is older than the view
	frame   string
	ended   bool   // no more Snapshots will come
	notices int    // made so far
	key     string // the key that is being handled
}

// The messages of the app besides Bubble Tea's own.
type (
	snapshotMsg struct{ snap *stats.Snapshot }
	endedMsg    struct{}
	tickMsg     time.Time
	expireMsg   int // the id of the notice
	killedMsg   struct {
		target rowTarget
		err    error
	}
	savedMsg struct {
		path string
		err  error
	}
)

// What the history keeps: enough to go back a quarter of an hour.
const (
	historySpan = 15 * time.Minute
	historyRows = 200_000 // of all tables of all kept Snapshots: about 60 MB
)

func newApp(ctx context.Context, o Options) *app {
	v := newView(0, 0)
	v.keys = true
	v.interval = o.Interval
	v.canKill, v.canWatch, v.canSample = o.Kill != nil, o.Watch != nil, o.SetSampling != nil
	v.live.offered = o.Live != nil
	v.hist = stats.NewHistory(historySpan, historyRows)
	m := &app{Options: o, ctx: ctx, view: v, word: o.Theme, dark: true, dirty: true}
	m.choose(o.Theme)
	return m
}

// Init asks for the first Snapshot, the clock and the terminal's background.
func (m *app) Init() tea.Cmd {
	commands := []tea.Cmd{m.next(), tick(), tea.RequestBackgroundColor}
	if m.Live != nil {
		commands = append(commands, liveTick())
	}
	return tea.Batch(commands...)
}

// Update routes messages to what they concern.
func (m *app) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case snapshotMsg:
		return m, m.take(msg.snap)
	case endedMsg:
		m.ended = true
		return m, m.say(styleWarn, "the observer has ended; what is here stays")
	case tickMsg:
		m.advance(time.Time(msg))
		return m, tick()
	case liveMsg:
		m.pull()
		return m, liveTick()
	case expireMsg:
		if m.view.notice.id == int(msg) && m.view.notice.text != "" {
			m.view.notice, m.dirty = notice{}, true
		}
		return m, nil
	case tea.WindowSizeMsg:
		m.view.width, m.view.height = msg.Width, msg.Height
	case tea.BackgroundColorMsg:
		m.dark = msg.IsDark()
		m.choose(m.word)
	case tea.EnvMsg:
		if msg.Getenv("NO_COLOR") != "" {
			m.plain = true
			m.choose(m.word)
		}
	case tea.KeyPressMsg:
		m.dirty = true
		return m, m.press(msg)
	case tea.PasteMsg:
		m.paste(msg.Content)
	case tea.MouseClickMsg:
		return m, m.click(msg)
	case tea.MouseWheelMsg:
		m.wheel(msg)
	case killedMsg:
		return m, m.killed(msg)
	case savedMsg:
		return m, m.saved(msg)
	default:
		return m, nil
	}
	m.dirty = true
	return m, nil
}

// View gives the frame, made anew only when something changed.
func (m *app) View() tea.View {
	if m.dirty {
		m.frame = m.view.render().encode(m.theme)
		m.dirty = false
	}
	v := tea.NewView(m.frame)
	v.AltScreen = true
	v.MouseMode = tea.MouseModeCellMotion
	v.WindowTitle = "redistop " + safe(m.view.snap.Server.Addr, 100)
	return v
}

// next waits for the next Snapshot.
func (m *app) next() tea.Cmd {
	return func() tea.Msg {
		select {
		case s, ok := <-m.Snapshots:
			if !ok {
				return endedMsg{}
			}
			return snapshotMsg{s}
		case <-m.ctx.Done():
			return tea.QuitMsg{}
		}
	}
}

// take keeps a Snapshot, and shows it unless the user looks at an older one.
func (m *app) take(s *stats.Snapshot) tea.Cmd {
	v := m.view
	v.hist.Add(s)
	v.now = s.Time
	v.learnSampling(s)
	if !v.pinned {
		v.snap = s
	}
	m.dirty = true
	return m.next()
}

func tick() tea.Cmd { return tea.Tick(time.Second, func(t time.Time) tea.Msg { return tickMsg(t) }) }

// advance moves the clock. Only a screen that says how long ago something was changes by it.
func (m *app) advance(now time.Time) {
	v := m.view
	watching := v.monitorLeft() > 0
	if now.After(v.now) {
		v.now = now
	}
	m.dirty = m.dirty || v.pinned || v.troubled() || watching
}

// say shows a line about what was done, for a few seconds.
func (m *app) say(st style, text string) tea.Cmd {
	m.notices++
	id := m.notices
	m.view.notice = notice{text: text, style: st, id: id}
	m.dirty = true
	return tea.Tick(6*time.Second, func(time.Time) tea.Msg { return expireMsg(id) })
}

// choose sets the theme by the user's word.
func (m *app) choose(word string) {
	m.word = word
	if m.plain {
		word = "none"
	}
	m.theme = themeFor(word, m.dark)
	m.dirty = true
}
