const Redis = require('ioredis');
const Redlock = require('redlock');
const { url, stay } = require('./stay');
(async () => {
  const redlock = new Redlock([new Redis(url)]);
  for (const order of [17, 18]) await redlock.lock('lock:order:' + order, 300000);
  stay('redlock');
})();
