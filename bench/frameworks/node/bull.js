const Queue = require('bull');
const { url, stay, pause, unattended, paused } = require('./stay');
(async () => {
  const queue = new Queue('mail', url, { limiter: { max: 100, duration: 60000 }, metrics: { maxDataPoints: 10 } });
  if (unattended) {
    for (let i = 0; i < 5; i++) await queue.add({});
    await queue.add({}, { delay: 3600000 });
    if (paused) await queue.pause();
    await queue.add({});
  } else {
    await work(queue);
  }
  stay('bull', async () => {
    const n = await queue.getJobCounts();
    const [next] = await queue.getJobs(['waiting', 'paused'], 0, 0, true);
    return [{ queue: 'mail', waiting: n.waiting + n.paused, in_flight: n.active, delayed: n.delayed, dead: n.failed, oldest_at: next && next.timestamp / 1000 }];
  });
})();

async function work(queue) {
  await queue.add({}, { repeat: { cron: '0 0 1 1 *' } });
  queue.process(1, async (job) => {
    if (job.data.fail) throw new Error('wanted');
    await job.log('a line');
    if (job.data.hold) await pause(60000);
  });
  await queue.add({ fail: true });
  await queue.add({});
  await pause(500);
  await queue.add({ hold: true });
  await pause(500);
  await queue.add({});
  await queue.add({}, { priority: 3 });
  await queue.add({}, { delay: 3600000 });
  await pause(500);
}
