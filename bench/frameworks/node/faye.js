const http = require('http');
const faye = require('faye');
const redis = require('faye-redis');
const { url, stay, pause } = require('./stay');
(async () => {
  const at = new URL(url);
  const bayeux = new faye.NodeAdapter({ mount: '/faye', timeout: 45, engine: { type: redis, host: at.hostname, port: +at.port } });
  const server = http.createServer();
  bayeux.attach(server);
  server.listen(0, '127.0.0.1', async () => {
    const client = new faye.Client('http://127.0.0.1:' + server.address().port + '/faye');
    await client.subscribe('/chat/room', () => {});
    await client.publish('/chat/room', { text: 'hello' });
    await pause(300);
    stay('faye-redis');
  });
})();
