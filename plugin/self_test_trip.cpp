#include "plugin/self_test_trip.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugin/app_copy.h"
#include "plugin/events.h"
#include "plugin/format.h"
#include "plugin/json_path.h"
#include "plugin/migrate.h"
#include "plugin/outcome.h"
#include "plugin/preflight.h"
#include "plugin/wait.h"
#include "shared/kube/known_objects.h"

namespace migrate::plugin {
namespace {

using namespace std::chrono_literals;

constexpr milliseconds kPoll = 200ms;
constexpr milliseconds kPodPatience = 120s;        // image and start
constexpr milliseconds kMigrationPatience = 240s;  // its timeout, and as long again for what cannot be taken back
constexpr milliseconds kLogPatience = 20s;
constexpr milliseconds kOwnerPatience = 20s;
constexpr std::size_t kMostEvents = 5;
constexpr std::size_t kLongestLine = 1024;
constexpr const char* kHint = "docs/self-test.md#a-way-that-fails";

// Keeps what a user should know and shows nothing.
class Quiet final : public Progress {
 public:
  void show(const Migration&) override {}
  void tick() override {}
  void note(const std::string& text) override { notes += "\n" + text; }
  void end() override {}
  std::string notes;
};

bool is_ready(const Json& pod) {
  const Json& conditions = list_at(pod, {"status", "conditions"});
  return std::any_of(conditions.begin(), conditions.end(), [](const Json& one) {
    return one.value("type", "") == "Ready" && one.value("status", "") == "True";
  });
}

bool is_controlled_by(const Json& pod, std::string_view kind, const std::string& name) {
  const Json& owners = list_at(pod, {"metadata", "ownerReferences"});
  return std::any_of(owners.begin(), owners.end(), [&](const Json& one) {
    return one.value("controller", false) && one.value("kind", "") == kind && one.value("name", "") == name;
  });
}

}  // namespace

SelfTestTrip::SelfTestTrip(const Session& session, CheckList& checks, const Way& way, const NodePair& nodes,
                           Spans& spans)
    : session_(session), checks_(checks), way_(way), nodes_(nodes), spans_(spans), pod_(way.pod()) {}

Outcome<bool> SelfTestTrip::run() {
  const auto done = there_and_back();
  if (done) return true;
  if (done.error().code == exit_code::kDetached) return tl::make_unexpected(done.error());
  checks_.failed(step_, done.error().message, kHint);
  return false;
}

Outcome<void> SelfTestTrip::there_and_back() {
  auto done = deploy();
  for (int hop = 0; done && hop < 2; ++hop) {
    done = move();
    if (done && way_.is_set) done = check_owner();
    if (done) done = check_memory();
  }
  return done;
}

Outcome<void> SelfTestTrip::deploy() {
  step_ = "deploy";
  const auto pod = ready_pod();
  if (!pod) return tl::make_unexpected(pod.error());
  node_ = text_at(*pod, {"spec", "nodeName"});
  checks_.ok(fmt::format("deploy: Pod {} runs on {}", pod_, node_));
  return {};
}

Outcome<void> SelfTestTrip::move() {
  const std::string& to = node_ == nodes_.from.node ? nodes_.to.node : nodes_.from.node;
  step_ = fmt::format("{} -> {}", node_, to);
  const auto said = line(Which::last);
  if (!said) return tl::make_unexpected(said.error());
  before_ = *said;
  const auto pod = look_before(session_, options_for(way_, pod_, to));
  if (!pod) return tl::make_unexpected(pod.error());
  auto made = create_migration(session_, options_for(way_, pod_, to), kube::metadata_of(*pod, "uid"));
  if (!made) return tl::make_unexpected(made.error());
  auto first = seen(std::move(*made));
  if (!first) return tl::make_unexpected(first.error());
  const auto ended = follow_bounded(std::move(*first));
  if (!ended) return tl::make_unexpected(ended.error());
  const MigrationStatus& status = ended->status;
  if (status.target.node != to) return fail(fmt::format("it went to node {}", status.target.node));
  if ((way_.keep_name || way_.is_set) && status.target.pod != pod_)
    return fail(fmt::format("it is called {} now, and was to keep the name {}", status.target.pod, pod_));
  node_ = status.target.node;
  pod_ = status.target.pod;
  std::string spans;
  if (status.freeze) {
    spans_.freezes.push_back(*status.freeze);
    spans += ", frozen for " + duration_text(*status.freeze);
  }
  if (status.gap) {
    spans_.gaps.push_back(*status.gap);
    spans += ", a gap of " + duration_text(*status.gap);
  }
  checks_.ok(step_ + spans);
  return {};
}

Outcome<Migration> SelfTestTrip::follow_bounded(Seen first) {
  Quiet quiet;
  const Followed followed = follow(session_, std::move(first), quiet, kMigrationPatience);
  const Migration& migration = followed.latest.migration;
  switch (followed.end) {
    case Followed::End::over:
      if (migration.status.phase == Phase::succeeded) return migration;
      return fail(
          fmt::format("{}: {}{}", to_string(migration.status.phase), why(migration.status), account_of(migration)));
    case Followed::End::detached:
      return fail("interrupted", exit_code::kDetached);
    case Followed::End::timed_out:
      return fail(fmt::format("it is in phase {} after {}{}{}", to_string(migration.status.phase),
                              duration_text(kMigrationPatience), quiet.notes, account_of(migration)));
    case Followed::End::deleted:
      return fail(fmt::format("Migration {} was deleted by somebody", migration.name));
    case Followed::End::broken:
      break;
  }
  return fail(followed.trouble.message);
}

Outcome<void> SelfTestTrip::check_owner() {
  step_ = fmt::format("StatefulSet {} has its Pod again", way_.name);
  const Steady until = now() + kOwnerPatience;
  for (;;) {
    const auto pod = session_.client.get(kube::pod(session_.namespace_, pod_));
    if (pod && *pod && is_controlled_by(**pod, kStatefulSet, way_.name)) break;
    if (now() >= until) {
      if (!pod) return fail(pod.error().text());
      return fail(*pod ? fmt::format("Pod {} is there and does not belong to it", pod_)
                       : fmt::format("there is no Pod {}", pod_));
    }
    if (auto waited = wait(kPoll); !waited) return waited;
  }
  checks_.ok(step_);
  return {};
}

Outcome<void> SelfTestTrip::check_memory() {
  step_ = "memory";
  const auto after = line(Which::first);
  if (!after) return tl::make_unexpected(after.error());
  if (const std::string trouble = counter::trouble_between(before_, *after); !trouble.empty()) return fail(trouble);
  checks_.ok(fmt::format("memory: {} MiB as they were, and the count went on from {} to {}",
                         counter::kMemory.count >> 20, before_.count, after->count));
  return {};
}

Outcome<counter::Line> SelfTestTrip::line(Which which) {
  kube::LogOptions options;
  if (which == Which::last) options.tail = 1;
  const Steady until = now() + kLogPatience;
  for (;;) {
    std::string log;
    const auto read = session_.client.logs(kube::pod(session_.namespace_, pod_), options,
                                           [&](std::string_view piece) {
                                             log += piece;
                                             return log.find('\n') == std::string::npos && log.size() < kLongestLine;
                                           },
                                           {.timeout = 5s});
    const std::size_t end = log.find('\n');
    if (read && end != std::string::npos) {
      if (const auto found = counter::line_from(std::string_view{log}.substr(0, end))) return *found;
      return fail(fmt::format("Pod {} does not say what it counts, but: {}", pod_, one_line(log.substr(0, end))));
    }
    if (now() >= until)
      return fail(read ? fmt::format("Pod {} says nothing", pod_)
                       : fmt::format("read what Pod {} says: {}", pod_, read.error().text()));
    if (auto waited = wait(kPoll); !waited) return tl::make_unexpected(waited.error());
  }
}

Outcome<Json> SelfTestTrip::ready_pod() {
  const auto path = kube::pod(session_.namespace_, pod_);
  const Steady until = now() + kPodPatience;
  for (;;) {
    auto found = session_.client.get(path);
    if (found && *found && is_ready(**found)) return std::move(**found);
    std::string trouble = fmt::format("there is no Pod {} yet", pod_);
    bool is_over = false;
    if (!found) trouble = found.error().text();
    if (found && *found) {
      const CopyState state = state_of(**found);
      trouble = fmt::format("Pod {} does not run: {}", pod_, state.why);
      is_over = state.kind == CopyState::Kind::ended || is_hopeless(state);
    }
    if (is_over || now() >= until) return fail(trouble);
    if (auto waited = wait(kPoll); !waited) return tl::make_unexpected(waited.error());
  }
}

std::string SelfTestTrip::account_of(const Migration& migration) const {
  const auto events = events_about(session_, migration);
  if (!events || events->empty()) return "";
  std::string text = "\nlast events:";
  for (std::size_t i = events->size() - std::min(events->size(), kMostEvents); i < events->size(); ++i)
    text += fmt::format("\n  {} {}", events->at(i).type, events->at(i).text);
  return text;
}

Outcome<void> SelfTestTrip::wait(milliseconds span) {
  if (!session_.io.interrupted()) session_.io.pacer.sleep(span, {});
  if (session_.io.interrupted()) return fail("interrupted", exit_code::kDetached);
  return {};
}

}  // namespace migrate::plugin
