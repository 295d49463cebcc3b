#include "extender/controller/controller.h"

#include <nlohmann/json.hpp>
#include <thread>

#include "extender/controller/crew.h"
#include "extender/controller/journal.h"
#include "shared/kube/watch.h"

namespace migrate::controller {
namespace {

constexpr std::chrono::milliseconds kLook{50};
constexpr std::chrono::milliseconds kWatchPause{1'000};

class Feed final : public kube::WatchSink {
 public:
  Feed(Crew& crew, Log& log) : crew_(crew), log_(log) {}
  bool changed(kube::ChangeKind kind, const Json& object) override {
    if (kind == kube::ChangeKind::deleted)
      crew_.gone(object);
    else
      crew_.changed(object);
    return true;
  }
  void troubled(const kube::ApiError& error) override {
    log_.warn("the watch of Migrations is interrupted", {{"error", error.text()}});
  }

 private:
  Crew& crew_;
  Log& log_;
};

}  // namespace

struct Controller::Parts {
  explicit Parts(const ControllerOptions& from)
      : options(from),
        leadership(from.client, from.pacer, from.clock, from.log, from.identity),
        client(guarded(from.client, leadership)),
        world{*client,     from.pacer,   ticker,   from.clock, from.agents, from.brokers,
              from.events, from.metrics, from.log, leadership, speeds,      from.settings} {}

  // As long as we lead.
  void lead(const std::stop_token& stop) {
    std::stop_source leave;
    const std::stop_callback forward{stop, [&] { leave.request_stop(); }};
    {
      Crew crew{world, options.workers, leave.get_token()};
      const std::jthread watch{[&] { follow(crew, leave.get_token()); }};
      options.metrics.leads(true);
      while (!leave.stop_requested() && leadership.is_leader())
        options.pacer.sleep(kLook, leave.get_token());
      leave.request_stop();
    }
    options.metrics.leads(false);
    options.log.info("not leading any more");
  }

  void follow(Crew& crew, const std::stop_token& leave) {
    Feed feed{crew, options.log};
    kube::Watch watch{options.client, options.pacer, {migration_path("", ""), "", ""}};
    while (!leave.stop_requested()) {
      auto ended = watch.run(feed, leave);
      if (!ended) options.log.error("cannot watch the Migrations", {{"error", ended.error().text()}});
      options.pacer.sleep(kWatchPause, leave);
    }
  }

  ControllerOptions options;
  Leadership leadership;
  std::unique_ptr<kube::Client> client;
  SpeedBook speeds;
  World world;
  BackgroundTicker ticker;  // last: its work, which ends with it, uses all of these
};

Controller::Controller(const ControllerOptions& options) : parts_(std::make_unique<Parts>(options)) {}

Controller::~Controller() = default;

bool Controller::is_leader() const {
  return parts_->leadership.is_leader();
}

void Controller::run(const std::stop_token& stop) {
  Parts& parts = *parts_;
  {
    const std::jthread election{[&] {
      while (!stop.stop_requested()) {
        parts.leadership.turn(stop);
        parts.options.pacer.sleep(kRenewPeriod, stop);
      }
    }};
    while (!stop.stop_requested()) {
      if (parts.leadership.is_leader()) parts.lead(stop);
      parts.options.pacer.sleep(kLook, stop);
    }
  }
  parts.leadership.give_up();
}

}  // namespace migrate::controller
