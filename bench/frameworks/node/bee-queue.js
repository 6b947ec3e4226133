const Queue = require('bee-queue');
const { url, stay, pause, unattended } = require('./stay');
(async () => {
  const at = new URL(url);
  const queue = new Queue('mail', { redis: { host: at.hostname, port: +at.port }, isWorker: !unattended, activateDelayedJobs: !unattended });
  await queue.ready();
  if (!unattended) {
    queue.process(1, async (job) => {
      if (job.data.fail) throw new Error('wanted');
      if (job.data.hold) await pause(60000);
    });
    await queue.createJob({ fail: true }).save();
    await queue.createJob({}).save();
    await pause(500);
    await queue.createJob({ hold: true }).save();
    await pause(500);
  }
  for (let i = 0; i < 3; i++) await queue.createJob({}).save();
  await queue.createJob({}).delayUntil(Date.now() + 3600000).save();
  await pause(500);
  stay('bee-queue', async () => {
    const n = await queue.checkHealth();
    return [{ queue: 'mail', waiting: n.waiting, in_flight: n.active, delayed: n.delayed, dead: n.failed }];
  });
})();
