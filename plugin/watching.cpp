#include "plugin/watching.h"

#include <chrono>
#include <future>
#include <ostream>
#include <stop_token>
#include <utility>

#include "plugin/format.h"
#include "plugin/interrupt.h"

namespace migrate::plugin {
namespace {

constexpr std::chrono::milliseconds kBetweenLooks{50};

class Shower final : public kube::WatchSink {
 public:
  Shower(const Io& io, const Show& show) : io_(io), show_(show) {}

  bool changed(kube::ChangeKind kind, const Json& object) override {
    is_troubled_ = false;
    if (is_synced_) return show_({{kind, object}});
    first_.push_back({kind, object});
    return true;
  }
  bool synced() override {
    is_troubled_ = false;
    return std::exchange(is_synced_, true) || show_(std::exchange(first_, {}));
  }
  void troubled(const kube::ApiError& error) override {
    if (std::exchange(is_troubled_, true)) return;
    io_.err.stream << "The connection to the API server is lost; trying again: " << one_line(error.text()) << '\n';
    io_.err.stream.flush();
  }

 private:
  const Io& io_;
  const Show& show_;
  std::vector<Sighting> first_;
  bool is_synced_ = false;
  bool is_troubled_ = false;
};

}  // namespace

int watch_objects(const Session& session, const kube::Selection& selection, const Show& show,
                  std::optional<std::chrono::milliseconds> patience) {
  const Interrupts interrupts;
  Shower shower{session.io, show};
  kube::Watch watch{session.client, session.io.pacer, selection};
  std::stop_source stop;
  auto ended = std::async(std::launch::async, [&] { return watch.run(shower, stop.get_token()); });
  const auto began = session.io.pacer.now();
  bool was_interrupted = false;
  bool is_late = false;
  while (ended.wait_for(kBetweenLooks) != std::future_status::ready) {
    was_interrupted = was_interrupted || session.io.interrupted();
    is_late = is_late || (patience && session.io.pacer.now() - began >= *patience);
    if (was_interrupted || is_late) stop.request_stop();
  }
  if (const auto done = ended.get(); !done) return report(session.io, explain(done.error(), "watch", selection.path));
  if (was_interrupted) return exit_code::kDetached;
  return is_late ? exit_code::kTimedOut : exit_code::kDone;
}

}  // namespace migrate::plugin
