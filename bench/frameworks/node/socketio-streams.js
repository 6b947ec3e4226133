const { Server } = require('socket.io');
const { createAdapter } = require('@socket.io/redis-streams-adapter');
const { createClient } = require('redis');
const { url, stay, pause } = require('./stay');
(async () => {
  const client = createClient({ url });
  await client.connect();
  const io = new Server({ adapter: createAdapter(client), connectionStateRecovery: { maxDisconnectionDuration: 120000 } });
  io.emit('hello', 1);
  io.of('/').adapter.persistSession({ sid: 'a', pid: 'b', rooms: ['r'], data: {} });
  await pause(300);
  stay('@socket.io/redis-streams-adapter');
})();
