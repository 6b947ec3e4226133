const { Queue, Worker, FlowProducer, QueueEvents } = require('bullmq');
const { url, stay, pause, unattended, paused } = require('./stay');
const sum = (...counts) => counts.reduce((all, n) => all + (n || 0), 0); // some versions leave out a state
(async () => {
  const at = new URL(url);
  const connection = { host: at.hostname, port: +at.port, maxRetriesPerRequest: null };
  const queue = new Queue('mail', { connection });
  if (unattended) {
    for (let i = 0; i < 5; i++) await queue.add('send', {});
    await queue.add('send', {}, { priority: 2 });
    await queue.add('send', {}, { delay: 3600000 });
    if (paused) await queue.pause();
    await queue.add('send', {});
  } else {
    await work(queue, connection);
  }
  stay('bullmq', async () => {
    const n = await queue.getJobCounts();
    const [next] = await queue.getJobs(['wait', 'paused'], 0, 0, true);
    return [{ queue: 'mail', waiting: sum(n.waiting, n.prioritized, n.paused), in_flight: n.active, delayed: sum(n.delayed, n['waiting-children']), dead: n.failed,
      oldest_at: next && next.timestamp / 1000 }];
  });
})();

async function work(queue, connection) {
  await queue.upsertJobScheduler('yearly', { every: 31536000000 });
  new Worker('mail', async (job) => {
    if (job.data.fail) throw new Error('wanted');
    await job.log('a line');
    if (job.data.hold) await pause(60000);
  }, { connection, metrics: { maxDataPoints: 10 }, name: 'w1' });
  const events = new QueueEvents('mail', { connection });
  await events.waitUntilReady();
  await queue.add('send', { fail: true });
  await queue.add('send', {});
  await pause(500);
  await queue.add('send', { hold: true });
  await pause(500);
  await queue.add('send', {});
  await queue.add('send', {}, { priority: 3 });
  await queue.add('send', {}, { delay: 3600000 });
  await queue.add('send', {}, { deduplication: { id: 'once', ttl: 600000 } });
  await new FlowProducer({ connection }).add({ name: 'all', queueName: 'mail', children: [{ name: 'part', queueName: 'mail', data: {} }] });
  await pause(500);
}
