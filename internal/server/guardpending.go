package server

import (
	"slices"
	"strconv"
)

// DeletedScript says which entries are not in the stream any more, and changes nothing. A script, since XRANGE by itself would send
// what is in those that are. KEYS: stream. ARGV: ids. Returns the ids that are gone.
const DeletedScript = `local gone = {}
for _, id in ipairs(ARGV) do
  if #redis.call('XRANGE', KEYS[1], id, id) == 0 then gone[#gone + 1] = id end
end
return gone`

// The scripts that change what a group holds. Each asks and acts in one piece, which is why they are scripts: between
// a question of ours and a command of ours the consumer could take or acknowledge an entry. They return ids and numbers,
// no contents.
const (
	// ClaimScript gives entries that FROM still holds, and has held idle for long enough, to TO.
	// KEYS: stream. ARGV: group, FROM, TO, least idle time in ms, "drop" or "keep", ids.
	// Returns the ids that were given, and those whose entry was deleted from the stream: claiming such a one would take it
	// off the pending entries, so it is left alone unless ARGV says "drop". The count of deliveries stays as it is
	// (JUSTID): TO raises it when it reads the entry.
	ClaimScript = `local given, gone = {}, {}
for i = 6, #ARGV do
  local id = ARGV[i]
  local held = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1, ARGV[2])
  if #held == 1 and held[1][3] >= tonumber(ARGV[4]) then
    local there = #redis.call('XRANGE', KEYS[1], id, id) == 1
    if not there then gone[#gone + 1] = id end
    if there then
      local got = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[3], ARGV[4], id, 'JUSTID')
      if #got == 1 then given[#given + 1] = id end
    elseif ARGV[5] == 'drop' then
      redis.call('XACK', KEYS[1], ARGV[1], id)
    end
  end
end
return {given, gone}`

	// AckScript acknowledges entries that CONSUMER still holds, and has held idle for long enough.
	// KEYS: stream. ARGV: group, CONSUMER ("" any), least idle time in ms, ids. Returns the ids that were acknowledged.
	AckScript = `local done = {}
for i = 4, #ARGV do
  local id = ARGV[i]
  local held = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1)
  if #held == 1 and (ARGV[2] == '' or held[1][2] == ARGV[2]) and held[1][3] >= tonumber(ARGV[3]) then
    if redis.call('XACK', KEYS[1], ARGV[1], id) == 1 then done[#done + 1] = id end
  end
end
return done`

	// DeleteConsumerScript deletes a consumer that holds nothing and has not asked for long enough.
	// KEYS: stream. ARGV: group, consumer, least idle time in ms. Returns what it did ("deleted", "holds", "active",
	// "none"), how many entries were lost by it (0, or the script is wrong), and the idle time in ms.
	DeleteConsumerScript = `for _, c in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local f = {}
  for i = 1, #c, 2 do f[c[i]] = c[i + 1] end
  if f['name'] == ARGV[2] then
    if f['pending'] > 0 then return {'holds', f['pending'], f['idle']} end
    if f['idle'] < tonumber(ARGV[3]) then return {'active', 0, f['idle']} end
    return {'deleted', redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2]), f['idle']}
  end
end
return {'none', 0, 0}`
)

// maxScriptIDs bounds the entries that one script touches: it runs in one piece.
const maxScriptIDs = 25

// heldArgs: KEY GROUP, or KEY GROUP FROM TO COUNT and perhaps CONSUMER.
func heldArgs(a []string) bool {
	if len(a) == 2 {
		return a[0] != "" && a[1] != ""
	}
	if len(a) != 5 && len(a) != 6 {
		return false
	}
	return a[0] != "" && a[2] != "" && a[3] != "" && upTo(a[4], maxStep)
}

// oneKeyAndGroup: KEY GROUP.
func oneKeyAndGroup(a []string) bool { return len(a) == 2 }

// oneKeyGroupAndConsumer: KEY GROUP CONSUMER.
func oneKeyGroupAndConsumer(a []string) bool { return len(a) == 3 && a[2] != "" }

// deletedScript: the one that only reads, word by word, 1, KEY, and ids.
func deletedScript(a []string) bool {
	return len(a) > 3 && len(a) <= 3+maxScriptIDs && a[0] == DeletedScript && a[1] == "1"
}

// pendingScript: one of those that act word by word, 1, KEY, and its arguments.
func pendingScript(a []string) bool {
	if len(a) < 6 || a[1] != "1" {
		return false
	}
	argv := a[3:]
	switch a[0] {
	case ClaimScript:
		return len(argv) > 5 && len(argv) <= 5+maxScriptIDs && argv[2] != "" && isNumber(argv[3]) && slices.Contains([]string{"drop", "keep"}, argv[4])
	case AckScript:
		return len(argv) > 3 && len(argv) <= 3+maxScriptIDs && isNumber(argv[2])
	case DeleteConsumerScript:
		return len(argv) == 3 && argv[1] != "" && isNumber(argv[2])
	}
	return false
}

func isNumber(s string) bool {
	_, err := strconv.ParseUint(s, 10, 53)
	return err == nil
}
