const express = require('express');
const { rateLimit } = require('express-rate-limit');
const { RedisStore } = require('rate-limit-redis');
const { createClient } = require('redis');
const { url, stay } = require('./stay');
(async () => {
  const client = createClient({ url });
  await client.connect();
  const app = express();
  app.use(rateLimit({ windowMs: 600000, limit: 10, store: new RedisStore({ sendCommand: (...args) => client.sendCommand(args) }) }));
  app.get('/', (req, res) => res.end('ok'));
  const listening = app.listen(0, '127.0.0.1', async () => {
    await (await fetch('http://127.0.0.1:' + listening.address().port)).text();
    stay('rate-limit-redis');
  });
})();
