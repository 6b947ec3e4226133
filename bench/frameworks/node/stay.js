// Says that all is written, and stays, with its connections, until it has been recorded. Whoever asks "count" gets what
// the framework's own calls say of its queues, as count returns them (see ../numbers.go).
exports.url = process.env.REDIS_URL;
exports.paused = process.argv[2] === 'paused';
exports.unattended = exports.paused || process.argv[2] === 'unattended'; // no worker: jobs only wait
exports.stay = (package_, count) => {
  console.log('ready ' + require(require('path').join(process.env.NODE_PATH, package_, 'package.json')).version);
  const lines = require('readline').createInterface({ input: process.stdin });
  lines.on('line', async (line) => { if (line === 'count') console.log(JSON.stringify(await count())); });
  lines.on('close', () => process.exit(0));
};
exports.pause = (ms) => new Promise((done) => setTimeout(done, ms));
