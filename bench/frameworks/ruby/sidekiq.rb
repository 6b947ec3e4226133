# Sidekiq: a process that holds one job; others wait, are scheduled, or are to be retried. With "unattended" nobody works.
require 'json'
require 'rbconfig'
require 'sidekiq'
require 'sidekiq/api'

class Hold
  include Sidekiq::Worker
  sidekiq_options retry: 5
  def perform(seconds)
    raise 'wanted' if seconds < 0
    sleep seconds
  end
end

class Dies
  include Sidekiq::Worker
  sidekiq_options retry: 0
  def perform = raise('wanted')
end

return if Sidekiq.server?

# What Sidekiq's own calls say; the sets that all queues share go by no name.
def count
  queues = Sidekiq::Queue.all.map do |q|
    { queue: q.name, waiting: q.size, oldest_at: q.size.zero? ? nil : Time.now.to_f - q.latency }.compact
  end
  queues << { queue: '', in_flight: Sidekiq::Workers.new.size, delayed: Sidekiq::ScheduledSet.new.size + Sidekiq::RetrySet.new.size, dead: Sidekiq::DeadSet.new.size }
end

Sidekiq.configure_client { |c| c.redis = { url: ENV['REDIS_URL'] } }
unattended = ARGV[0] == 'unattended'
worker = unattended ? nil : spawn(RbConfig.ruby, '/usr/bin/sidekiq', '-r', File.expand_path(__FILE__), '-c', '1', '-q', 'default', in: File::NULL, out: File::NULL, err: File::NULL)
begin
  unless unattended
    Hold.perform_async(0)
    Hold.perform_async(-1)
    Dies.perform_async
    sleep 12 # the first heartbeats
    Hold.perform_async(300)
    sleep 1
  end
  3.times { Hold.perform_async(0) }
  Hold.set(queue: 'mailers').perform_async(0)
  Hold.perform_in(3600, 0)
  sleep 11 unless unattended # a beat that tells of the job which is held
  puts "ready #{Sidekiq::VERSION}"
  $stdout.flush
  while (line = $stdin.gets)
    next unless line.chomp == 'count'
    puts JSON.generate(count)
    $stdout.flush
  end
ensure
  Process.kill('KILL', worker) if worker
end
