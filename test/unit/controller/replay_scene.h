// A migration with replay, all in memory: messages arrive, the source handles them, and a target that was restored
// follows the replay protocol.
#pragma once

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "test/unit/controller/scene.h"

namespace migrate::controller {

inline constexpr const char* kMirror = "ms2m.replay.";
inline constexpr const char* kOwnControl = "ms2m.control.o";  // of the source's host name
inline constexpr const char* kLooker = "c0";                  // the source's consumer there

// Ten messages a second arrive, and each instance handles twenty.
struct Replay : Scene {
  explicit Replay(Strategy strategy, bool keep_name = false) : Scene(keep_name) {
    cluster.change(path(), [&](Json& object) {
      object["spec"]["strategy"] = to_string(strategy);
      object["spec"]["accept"] = {"emptydir-loss"};
    });
    name_queue();
    broker->add_exchange("shop", "fanout");
    broker::QueueFacts orders;
    orders.name = "orders";
    orders.type = "classic";
    orders.durable = true;
    orders.bindings = {{"shop", ""}};
    orders.consumers = {{"t1", "mine", "10.0.0.9", 5}};
    broker->add_queue(orders);
    broker->add_queue(kOwnControl);
    broker->consume(kOwnControl, {kLooker, "mine", "10.0.0.9", 1});
    source.before = [this](const std::string& what) -> std::optional<agent::AgentError> {
      if (what == "snapshot") in_memory = in_source.size();
      return std::nullopt;
    };
    time.on_pass = [this] {
      lead_on();
      live_on();
    };
  }

  // As often as a leader does. Time passes in smaller steps, and each turn writes its Lease.
  void lead_on() {
    if (now() - led < std::chrono::milliseconds{500}) return;
    led = now();
    leadership.turn({});
  }

  // What happens around the controller while time passes.
  void live_on() {
    if (in_it) return;
    in_it = true;
    for (; due <= now(); due += std::chrono::milliseconds{100})
      if (broker->arrive("shop", "", {std::to_string(sent++)}) > 1) ++mirrored;
    const bool source_runs = source.record.state == agent::SourceState::none ||
                             source.record.state == agent::SourceState::snapshotted ||
                             source.record.state == agent::SourceState::thawed;
    if (source_runs) {
      if (source.record.state == agent::SourceState::thawed && !is_back) {
        broker->consume("orders", {"t2", "mine again", "10.0.0.9", 5});
        is_back = true;
      }
      if (source_works) handle("orders", is_back ? "t2" : "t1", in_source);
    }
    if (runs() && obeys) obey();
    in_it = false;
  }
  void handle(const std::string& queue, const std::string& tag, std::vector<std::string>& handled) {
    while (const auto message = broker->take(queue, tag)) {
      handled.push_back(message->body);
      broker->acknowledge(queue, tag);
    }
  }
  [[nodiscard]] bool runs() const {
    for (const auto& [uid, state] : target.targets)
      if (state == agent::RestoreState::used) return true;
    return false;
  }
  // By docs/app-contract.md: a replay that had ended may be begun once more, and one of a mirror that is gone is over.
  void obey() {
    const std::string control = messages().control_queue;
    if (broker->has_queue(control) && !broker->ready(control).empty()) {
      std::vector<std::string> words;
      broker->consume(control, {"c3", "shadow", "10.0.0.20", 1});
      handle(control, "c3", words);
      broker->cancel(control, "c3");
      for (const std::string& word : words)
        obey(word);
    }
    if (reads && broker->has_queue(*reads)) handle(*reads, "t3", in_target);
  }
  void obey(const std::string& word) {
    if (word.find("START_REPLAY") != std::string::npos)
      read_from(!reads || broker->has_queue(messages().mirror) ? messages().mirror : "orders");
    if (word.find("END_REPLAY") == std::string::npos || !reads || *reads == "orders") return;
    if (broker->has_queue(*reads)) handle(*reads, "t3", in_target);
    read_from("orders");
  }
  void read_from(const std::string& queue) {
    if (reads == queue) return;
    if (reads && broker->has_queue(*reads)) broker->cancel(*reads, "t3");
    reads = queue;
    if (broker->has_queue(queue)) broker->consume(queue, {"t3", "shadow", "10.0.0.20", 5});
  }
  [[nodiscard]] MessagesStatus messages() const { return status().messages.value_or(MessagesStatus{}); }
  [[nodiscard]] std::string mirror() const { return kMirror + migration().uid; }
  [[nodiscard]] std::size_t call_at(const std::string& begin, const std::string& end = "") const {
    const auto calls = broker->calls();
    // Before it is made, only its user's rights are looked at.
    const auto made = std::find(calls.begin(), calls.end(), "declare_queue " + mirror());
    for (std::size_t i = made == calls.end() ? 0 : static_cast<std::size_t>(made - calls.begin()); i < calls.size();
         ++i)
      if (calls[i].starts_with(begin) && calls[i].find(end) != std::string::npos) return i;
    return calls.size();
  }

  // Who goes on keeps its control queue, as the application looks into it; no other one is left.
  void check_queues_gone() const {
    BOOST_TEST(!broker->has_queue(mirror()));
    const std::string kept = status().phase == Phase::succeeded ? messages().control_queue : kOwnControl;
    BOOST_TEST(broker->has_queue(kept), kept);
    std::set<std::string> made{kOwnControl};
    for (const std::string& call : broker->calls())
      if (call.starts_with("declare_queue ms2m.control.")) made.insert(call.substr(sizeof("declare_queue ") - 1));
    for (const std::string& name : made)
      if (name != kept) BOOST_TEST(!broker->has_queue(name), name);
  }
  // A container of that Pod's, which its kubelet has started anew.
  void kubelet_says_it_ended(const std::string& name) {
    cluster.change(pod(name), [](Json& object) {
      object["status"]["containerStatuses"][0]["lastState"] = {
          {"terminated", {{"exitCode", 137}, {"reason", "Error"}, {"startedAt", "2026-01-01T00:00:00Z"}}}};
    });
  }
  // Every message was handled by the source before its end, or by the target.
  void check_complete() {
    time.pass(std::chrono::seconds{1});
    std::set<std::string> handled{in_source.begin(), in_source.end()};
    handled.insert(in_target.begin(), in_target.end());
    BOOST_TEST(handled.size() == static_cast<std::size_t>(sent));
  }

  // Messages that the target met though they were in its memory, or met before.
  [[nodiscard]] std::size_t repeats() const {
    std::set<std::string> known{in_source.begin(), in_source.begin() + static_cast<std::ptrdiff_t>(in_memory)};
    std::size_t count = 0;
    for (const std::string& one : in_target)
      if (!known.insert(one).second) ++count;
    return count;
  }

  std::size_t in_memory = 0;  // so many of the source's are in the checkpoint
  bool source_works = true;
  bool obeys = true;
  bool in_it = false;
  bool is_back = false;
  int sent = 0;
  int mirrored = 0;  // came into the mirror
  Instant due = now();
  Instant led{};
  std::optional<std::string> reads;
  std::vector<std::string> in_source;
  std::vector<std::string> in_target;
};

}  // namespace migrate::controller
