// Says that all is written, and stays, with its connections, until it has been recorded.
exports.url = process.env.REDIS_URL;
exports.stay = (package_) => {
  console.log('ready ' + require(require('path').join(process.env.NODE_PATH, package_, 'package.json')).version);
  process.stdin.resume();
  process.stdin.on('end', () => process.exit(0));
};
exports.pause = (ms) => new Promise((done) => setTimeout(done, ms));
