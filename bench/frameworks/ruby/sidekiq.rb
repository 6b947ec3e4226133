# Sidekiq: a process that holds one job; others wait, are scheduled, or are to be retried.
require 'rbconfig'
require 'sidekiq'

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

Sidekiq.configure_client { |c| c.redis = { url: ENV['REDIS_URL'] } }
worker = spawn(RbConfig.ruby, '/usr/bin/sidekiq', '-r', File.expand_path(__FILE__), '-c', '1', '-q', 'default', in: File::NULL, out: File::NULL, err: File::NULL)
begin
  Hold.perform_async(0)
  Hold.perform_async(-1)
  Dies.perform_async
  sleep 12 # the first heartbeats
  Hold.perform_async(300)
  sleep 1
  3.times { Hold.perform_async(0) }
  Hold.set(queue: 'mailers').perform_async(0)
  Hold.perform_in(3600, 0)
  sleep 11 # a beat that tells of the job which is held
  puts "ready #{Sidekiq::VERSION}"
  $stdout.flush
  $stdin.read
ensure
  Process.kill('KILL', worker)
end
