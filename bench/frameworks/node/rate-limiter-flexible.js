const Redis = require('ioredis');
const { RateLimiterRedis } = require('rate-limiter-flexible');
const { url, stay } = require('./stay');
(async () => {
  const limiter = new RateLimiterRedis({ storeClient: new Redis(url), points: 10, duration: 600 });
  for (const who of ['10.0.0.1', '10.0.0.2']) await limiter.consume(who);
  stay('rate-limiter-flexible');
})();
