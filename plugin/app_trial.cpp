#include "plugin/app_trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "plugin/cluster.h"
#include "plugin/format.h"
#include "shared/kube/known_objects.h"
#include "shared/messages/mirror.h"

namespace migrate::plugin {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr milliseconds kPoll{50};
constexpr milliseconds kQuickPoll{20};
constexpr milliseconds kLookAtPodEvery{500};
constexpr milliseconds kCountEvery{500};
constexpr milliseconds kTouchEvery{5'000};
constexpr std::uint64_t kOne = 1;
constexpr milliseconds kPodPatience{120'000};    // image and start
constexpr milliseconds kPatience{30'000};        // for what the contract asks for, of a copy that runs
constexpr milliseconds kStatisticsDelay{6'000};  // the management API counts every 5 s
constexpr milliseconds kAbsencePatience{5'000};  // a reconnect takes some time
constexpr milliseconds kSettled{2'000};
constexpr std::uint64_t kEnough = 100;  // messages: more only take longer

constexpr std::string_view kProtocol = "docs/app-contract.md, The protocol";
constexpr std::string_view kReconnecting = "docs/app-contract.md, Reconnecting";
constexpr std::string_view kGivingBack = "docs/app-contract.md, Giving messages back";

tl::unexpected<Failure> broken(const Error& error) {
  return fail(error.message);
}

}  // namespace

AppTrial::AppTrial(const Session& session, broker::Broker& broker, CheckList& checks, TrialPlan plan)
    : session_(session), broker_(broker), checks_(checks), plan_(std::move(plan)) {}

Outcome<void> AppTrial::run() {
  for (const auto step :
       {&AppTrial::collect, &AppTrial::start, &AppTrial::replay, &AppTrial::reconnect, &AppTrial::end}) {
    const Step done = (this->*step)();
    if (!done) return tl::make_unexpected(done.error());
    if (!*done) return {};
  }
  return {};
}

AppTrial::Step AppTrial::collect() {
  checks_.group("messages");
  has_queues_ = true;
  if (auto made = broker_.declare_queue(plan_.mirror); !made) return broken(made.error());
  for (const broker::Binding& binding : plan_.bindings)
    if (auto bound = broker_.bind(plan_.mirror, binding); !bound) return broken(bound.error());
  checks_.ok(fmt::format("queue {} gets the same messages as queue {}", plan_.mirror, plan_.queue));
  const Steady until = now() + plan_.collect;
  while (now() < until) {
    const auto sight = look();
    if (!sight) return tl::make_unexpected(sight.error());
    if (sight->mirror.ready >= kEnough) break;
    if (auto waited = wait(kPoll); !waited) return tl::make_unexpected(waited.error());
  }
  for (const broker::Binding& binding : plan_.bindings)
    if (auto unbound = broker_.unbind(plan_.mirror, binding); !unbound) return broken(unbound.error());
  const auto sight = look();
  if (!sight) return tl::make_unexpected(sight.error());
  collected_ = sight->mirror.ready;
  if (collected_ > 0)
    checks_.ok(fmt::format("{} message{} collected", collected_, collected_ == 1 ? " is" : "s are"));
  else
    checks_.note(fmt::format("no message came within {}", duration_text(plan_.collect)),
                 "whether it acknowledges what it replays is not seen; --for 1m collects for longer");
  return true;
}

AppTrial::Step AppTrial::start() {
  checks_.group("START_REPLAY");
  if (auto made = broker_.declare_queue(plan_.copy.control_queue); !made) return broken(made.error());
  if (auto told = broker_.publish(plan_.copy.control_queue, messages::start_replay(plan_.mirror)); !told)
    return broken(told.error());
  const auto before = look();
  if (!before) return tl::make_unexpected(before.error());
  baseline_ = before->primary.consumers;

  const auto path = kube::pod(session_.namespace_, plan_.copy.name);
  has_pod_ = true;  // an answer that was lost may have made it
  const auto made = session_.client.create(path, plan_.copy.pod);
  if (!made) {
    has_pod_ = made.error().may_have_run;
    return tl::make_unexpected(explain(made.error(), "create", path));
  }
  pod_uid_ = kube::metadata_of(*made, "uid");

  Started started;
  const Steady created = now();
  Steady next_look = created;
  for (;;) {
    const Steady instant = now();
    // The primary first: whoever goes from one to the other is not seen in both.
    const auto sight = look();
    if (!sight) return tl::make_unexpected(sight.error());
    if (has_left(*sight)) {
      const auto read = control_is_read();
      if (!read) return tl::make_unexpected(read.error());
      return failed("it looks into its control queue before it consumes anything",
                    *read ? fmt::format("it took START_REPLAY and consumes its own queue {} all the same", plan_.queue)
                          : fmt::format("it consumes its own queue {} while START_REPLAY stands unread in {}",
                                        plan_.queue, plan_.copy.control_queue),
                    kProtocol);
    }
    if (sight->mirror.consumers > 0) break;
    if (instant >= next_look) {
      next_look = instant + kLookAtPodEvery;
      Step follows = follow(started, instant);
      if (!follows || !*follows) return follows;
    }
    if (!started.runs && instant - created > kPodPatience)
      return failed("a copy of the Pod runs", fmt::format("it does not run after {}", duration_text(kPodPatience)));
    if (started.runs && instant - started.since > kPatience) {
      const auto read = control_is_read();
      if (!read) return tl::make_unexpected(read.error());
      const std::string words = last_words();
      return failed(
          "it looks into its control queue before it consumes anything",
          fmt::format("it did not start replaying within {}: {}{}", duration_text(kPatience),
                      *read ? fmt::format("it took START_REPLAY and does not consume queue {}", plan_.mirror)
                            : fmt::format("START_REPLAY stands unread in {}; does it read its host name anew?",
                                          plan_.copy.control_queue),
                      words),
          kProtocol);
    }
    if (auto waited = wait(kPoll); !waited) return tl::make_unexpected(waited.error());
  }
  checks_.ok(fmt::format("a copy of the Pod runs: {}", plan_.copy.name));
  checks_.ok("it looks into its control queue before it consumes anything");
  checks_.ok(fmt::format("it consumes queue {} instead of its own", plan_.mirror));
  return true;
}

AppTrial::Step AppTrial::follow(Started& started, Steady now) {
  const auto path = kube::pod(session_.namespace_, plan_.copy.name);
  const auto found = session_.client.get(path);
  if (!found) return tl::make_unexpected(explain(found.error(), "get", path));
  const std::string_view what = "a copy of the Pod runs";
  if (!*found) return failed(what, fmt::format("Pod {} was deleted", plan_.copy.name));
  const CopyState state = state_of(**found);
  if (state.kind == CopyState::Kind::ended)
    return failed(what, fmt::format("it ended by itself; {}{}", state.why, last_words()));
  if (state.kind == CopyState::Kind::runs && !started.runs) started = {true, now};
  if (is_hopeless(state)) return failed(what, state.why);
  return true;
}

AppTrial::Step AppTrial::replay() {
  checks_.group("replay");
  const Steady began = now();
  std::uint64_t least = collected_;  // that stood in the queue at a time
  std::uint64_t left = collected_;   // and held by the copy, as last counted
  Steady progress = began;           // the last time that fewer were left
  Steady seen = began;               // the last time that it consumed
  Steady next_count = began;
  std::optional<Steady> done;  // since when nothing is left
  const auto what = fmt::format("it acknowledges every message ({})", collected_);
  for (;;) {
    const Steady instant = now();
    const auto sight = look();
    if (!sight) return tl::make_unexpected(sight.error());
    if (has_left(*sight))
      return failed("it stays with the replay until END_REPLAY",
                    fmt::format("it consumes its own queue {} although nobody said END_REPLAY", plan_.queue),
                    kProtocol);
    if (sight->mirror.consumers > 0) seen = instant;
    if (instant - seen > kAbsencePatience)
      return failed("it stays with the replay until END_REPLAY",
                    fmt::format("it has not consumed queue {} for {}{}", plan_.mirror, duration_text(kAbsencePatience),
                                last_words()),
                    kProtocol);
    if (sight->mirror.ready > least)
      return failed("it gives no message back",
                    fmt::format("{} message(s) came back into queue {}: by nack or reject, or with a broken connection",
                                sight->mirror.ready - least, plan_.mirror),
                    kGivingBack);
    least = sight->mirror.ready;
    if (instant >= next_count) {
      next_count = instant + kCountEvery;
      const auto totals = broker_.totals(plan_.mirror);
      if (!totals) return broken(totals.error());
      // Not counted yet: all that is known is what came.
      const std::uint64_t counted = *totals ? (*totals)->ready + (*totals)->unacknowledged : std::max(left, kOne);
      if (counted < left) progress = instant;
      left = counted;
    }
    if (left > 0 || least > 0)
      done.reset();
    else if (!done)
      done = instant;
    // What was counted may be as old as that.
    if (done && instant - *done > kStatisticsDelay) break;
    if (!done && instant - progress > kPatience)
      return failed(what,
                    fmt::format("none was acknowledged for {}; {} stand in queue {}, {} are delivered",
                                duration_text(kPatience), least, plan_.mirror, left - std::min(left, least)),
                    "docs/app-contract.md, Messages");
    if (auto waited = wait(kPoll); !waited) return tl::make_unexpected(waited.error());
  }
  // By now the broker lists a consumer that has come since.
  if (Step by_hand = acknowledges(what); !by_hand || !*by_hand) return by_hand;
  if (collected_ > 0) {
    checks_.ok(what);
    checks_.ok("it gives no message back");
  }
  checks_.ok("it stays with the replay until END_REPLAY");
  checks_.note("whether it publishes nothing while it replays cannot be seen from here",
               "the Pod it was copied from publishes those results: look for results that came twice");
  return true;
}

AppTrial::Step AppTrial::acknowledges(std::string_view what) {
  const auto listed = broker_.consumers(plan_.mirror);
  if (!listed) return broken(listed.error());
  const auto refused = messages::auto_ack_refusal(plan_.mirror, *listed);
  return refused ? failed(what, refused->message, "docs/app-contract.md, Messages") : Step{true};
}

AppTrial::Step AppTrial::reconnect() {
  const std::string_view what = "it comes back to the replay when its connection breaks";
  const auto own = connections();
  if (!own) return tl::make_unexpected(own.error());
  if (own->empty()) {
    checks_.skipped(what,
                    "the broker does not tell whose connection it is (the user needs the tag administrator, or to be "
                    "the application's own)");
    return true;
  }
  for (const std::string& one : *own)
    if (auto closed = broker_.close_connection(one, "kubectl migrate check-app"); !closed) {
      checks_.skipped(what, closed.error().message);
      return true;
    }
  const Steady began = now();
  Steady absent = began;  // the last time that it did not consume
  for (;;) {
    const Steady instant = now();
    const auto sight = look();
    if (!sight) return tl::make_unexpected(sight.error());
    if (has_left(*sight))
      return failed(
          what,
          fmt::format("after its connection was closed it consumes its own queue {}: it forgot that it replays",
                      plan_.queue),
          kProtocol);
    if (sight->mirror.consumers == 0) absent = instant;
    if (sight->mirror.consumers > 0 && instant - absent >= kSettled) break;
    if (instant - began > kPatience)
      return failed(what, fmt::format("it did not consume again within {}{}", duration_text(kPatience), last_words()),
                    kReconnecting);
    if (auto waited = wait(kPoll); !waited) return tl::make_unexpected(waited.error());
  }
  checks_.ok(what);
  return true;
}

AppTrial::Step AppTrial::end() {
  checks_.group("END_REPLAY");
  const std::string_view leaves = "it leaves the replay";
  if (!plan_.may_touch_queue) {
    checks_.skipped(
        leaves, fmt::format("a copy that obeys consumes queue {0} until its Pod has ended, and what it acknowledges "
                            "there the application never sees\n--accept touch-queue plays it all the same",
                            plan_.queue));
    return true;
  }
  if (auto told = broker_.publish(plan_.copy.control_queue, messages::end_replay()); !told) return broken(told.error());
  has_ended_replay_ = true;
  const Steady began = now();
  bool has_gone = false;
  for (;;) {
    const Steady instant = now();
    const auto sight = look();
    if (!sight) return tl::make_unexpected(sight.error());
    has_gone = has_gone || sight->mirror.consumers == 0;
    if (has_left(*sight)) {
      const bool is_gone = remove_pod();
      if (!has_gone)
        return failed(leaves, fmt::format("it consumes queue {} and still queue {}", plan_.queue, plan_.mirror),
                      kProtocol);
      checks_.ok(leaves);
      checks_.ok(fmt::format("it goes back to queue {} ({})", plan_.queue,
                             is_gone ? "and was ended at once" : "and could not be ended"));
      break;
    }
    if (instant - began > kPatience) {
      const auto read = control_is_read();
      if (!read) return tl::make_unexpected(read.error());
      if (has_gone)
        return failed(fmt::format("it goes back to queue {}", plan_.queue),
                      fmt::format("it consumes nothing {} after END_REPLAY{}", duration_text(kPatience), last_words()),
                      kProtocol);
      return failed(
          leaves,
          fmt::format("it still consumes queue {} {} after END_REPLAY, {}", plan_.mirror, duration_text(kPatience),
                      *read ? "which it took" : fmt::format("which stands unread in {}", plan_.copy.control_queue)),
          kProtocol);
    }
    if (auto waited = wait(kQuickPoll); !waited) return tl::make_unexpected(waited.error());
  }
  // What it held without a word to the broker is back now that it is gone.
  const auto sight = look();
  if (!sight) return tl::make_unexpected(sight.error());
  if (sight->mirror.ready > 0)
    return failed(
        "it leaves nothing unacknowledged",
        fmt::format("{} message(s) of queue {} came back when it was gone", sight->mirror.ready, plan_.mirror),
        kProtocol);
  checks_.ok("it leaves nothing unacknowledged");
  return true;
}

Outcome<AppTrial::Sight> AppTrial::look() {
  Sight sight;
  for (const auto& [queue, into] : {std::pair{&plan_.queue, &sight.primary}, std::pair{&plan_.mirror, &sight.mirror}}) {
    const auto depth = broker_.depth(*queue);
    if (!depth) return broken(depth.error());
    if (!*depth) return fail(fmt::format("queue {} was deleted meanwhile", *queue));
    *into = **depth;
  }
  // A connection that idles is closed in the end, and kubectl ends a port-forward with the first one that is.
  if (const Steady instant = now(); instant >= next_touch_) {
    next_touch_ = instant + kTouchEvery;
    if (const auto touched = broker_.totals(plan_.mirror); !touched) return broken(touched.error());
  }
  return sight;
}

Outcome<bool> AppTrial::control_is_read() {
  const auto depth = broker_.depth(plan_.copy.control_queue);
  if (!depth) return broken(depth.error());
  return !*depth || (*depth)->ready == 0;
}

// Those that consume the throw-away queue; none when the broker does not say whose they are within its delay.
Outcome<std::vector<std::string>> AppTrial::connections() {
  const Steady until = now() + kStatisticsDelay;
  for (;;) {
    const auto listed = broker_.consumers(plan_.mirror);
    if (!listed) return broken(listed.error());
    std::set<std::string> found;
    for (const broker::Consumer& one : *listed)
      if (!one.connection.empty()) found.insert(one.connection);
    if (!found.empty() || now() >= until) return std::vector<std::string>{found.begin(), found.end()};
    if (auto waited = wait(kPoll); !waited) return tl::make_unexpected(waited.error());
  }
}

AppTrial::Step AppTrial::failed(std::string_view what, std::string_view why, std::string_view hint) {
  // Before anything is said: every moment it may take messages that are not its own.
  if (has_pod_) remove_pod();
  checks_.failed(what, why, hint);
  return false;
}

Outcome<void> AppTrial::wait(milliseconds span) {
  if (!session_.io.interrupted()) session_.io.pacer.sleep(span, {});
  if (session_.io.interrupted()) return fail("interrupted", exit_code::kDetached);
  return {};
}

AppTrial::Steady AppTrial::now() const {
  return session_.io.pacer.now();
}

std::string AppTrial::last_words() {
  std::string log;
  const auto read = session_.client.logs(kube::pod(session_.namespace_, plan_.copy.name), {.tail = 5},
                                         [&](std::string_view piece) {
                                           log += piece;
                                           return log.size() < 4096;
                                         },
                                         {.timeout = 5s});
  while (!log.empty() && log.back() == '\n')
    log.pop_back();
  return !read || log.empty() ? "" : "\nits last words:\n" + log;
}

}  // namespace migrate::plugin
