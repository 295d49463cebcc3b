#include "extender/controller/ticker.h"

#include "shared/kube/pacer.h"

namespace migrate::controller {
namespace {

class StopsAtEnd final : public Ticking {
 public:
  explicit StopsAtEnd(std::stop_source stop) : stop_(std::move(stop)) {}
  StopsAtEnd(const StopsAtEnd&) = delete;
  StopsAtEnd& operator=(const StopsAtEnd&) = delete;
  ~StopsAtEnd() override { stop_.request_stop(); }

 private:
  std::stop_source stop_;
};

}  // namespace

std::unique_ptr<Ticking> BackgroundTicker::every(std::chrono::milliseconds period, Work work) {
  const std::lock_guard lock{mutex_};
  workers_.remove_if([](const Worker& one) { return one.has_ended->load(); });
  auto has_ended = std::make_shared<std::atomic<bool>>(false);
  std::jthread thread{[period, work = std::move(work), has_ended](const std::stop_token& stop) {
    do
      work(stop);
    while (kube::system_pacer().sleep(period, stop));
    has_ended->store(true);
  }};
  auto ticking = std::make_unique<StopsAtEnd>(thread.get_stop_source());
  workers_.push_back({std::move(has_ended), std::move(thread)});
  return ticking;
}

}  // namespace migrate::controller
