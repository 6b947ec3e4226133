const express = require('express');
const session = require('express-session');
const { RedisStore } = require('connect-redis');
const { createClient } = require('redis');
const { url, stay } = require('./stay');
(async () => {
  const client = createClient({ url });
  await client.connect();
  const app = express();
  app.use(session({ store: new RedisStore({ client }), secret: 'x', resave: false, saveUninitialized: true }));
  app.get('/', (req, res) => { req.session.seen = 1; res.end('ok'); });
  const listening = app.listen(0, '127.0.0.1', async () => {
    for (let i = 0; i < 3; i++) await (await fetch('http://127.0.0.1:' + listening.address().port)).text();
    stay('connect-redis');
  });
})();
