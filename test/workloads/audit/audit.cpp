#include "test/workloads/audit/audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace orders {
namespace {

using Ids = std::unordered_set<std::string>;

bool is_effective(const Handled& handled) {
  return handled.previous != handled.digest;
}

class Judge {
 public:
  explicit Judge(const History& history) : history_(history) {
    for (const Sent& sent : history_.record)
      record_.emplace(sent.order.id, &sent);
    for (const Handled& handled : history_.log)
      handled_.insert(handled.order.id);
    for (const Collected& collected : history_.results)
      answered_.insert(collected.message.id);
  }

  Audit judge() {
    follow_chain();
    replay();
    check_messages();
    look_for_cuts();
    check_results();
    check_foreign();
    if (!history_.state.memory_intact)
      fault(Category::memory, history_.state.pod, "its memory block is not as it was written");
    tell_instances();
    measure_gap();
    return std::move(audit_);
  }

 private:
  void fault(Category category, std::string subject, std::string text) {
    audit_.faults.push_back({category, std::move(subject), std::move(text)});
  }

  // Backwards from the final state: a digest has only one line that could have led to it.
  void follow_chain() {
    std::unordered_map<std::string, const Handled*> by_digest;
    for (const Handled& handled : history_.log)
      if (is_effective(handled)) by_digest.emplace(handled.digest, &handled);

    std::string digest = history_.state.state.digest;
    std::unordered_set<const Handled*> on_chain;
    while (digest != kFirstDigest) {
      const auto found = by_digest.find(digest);
      if (found == by_digest.end() || !on_chain.insert(found->second).second) {
        fault(Category::digest_mismatch, history_.state.pod,
              fmt::format("no log line leads to the state {} that is {} messages before the final one", digest,
                          chain_.size()));
        break;
      }
      chain_.push_back(found->second);
      digest = found->second->previous;
    }
    whole_ = digest == kFirstDigest;
    std::reverse(chain_.begin(), chain_.end());
    audit_.effective = chain_.size();

    std::set<std::string_view> digests;
    for (const Handled* link : chain_)
      digests.insert(link->digest);
    std::set<std::tuple<std::string_view, std::string_view>> side;
    for (const Handled& handled : history_.log)
      if (is_effective(handled) && !digests.contains(handled.digest)) side.emplace(handled.pod, handled.digest);
    audit_.side_branch = side.size();
  }

  // What a fresh consumer makes of the messages as they were sent, in the chain's order.
  void replay() {
    OrderState fresh;
    if (!whole_ && !chain_.empty()) fresh.digest = chain_.front()->previous;
    std::map<std::string, std::uint64_t> highest;
    for (const Handled* link : chain_) {
      const Order& logged = link->order;
      const auto sent = record_.find(logged.id);
      const Order& order = sent == record_.end() ? logged : sent->second->order;
      if (!(order == logged))
        fault(Category::altered, order.id,
              fmt::format("sent with sequence {} and value {}, applied with {} and {}", order.sequence, order.value,
                          logged.sequence, logged.value));
      if (next_digest(link->previous, logged) != link->digest)
        fault(Category::digest_mismatch, logged.id, fmt::format("its log line in {} does not compute", link->pod));

      const bool first_time = expected_results_.find(order.id) == expected_results_.end();
      std::uint64_t& top = highest[order.producer];
      if (first_time && order.sequence < top)
        fault(Category::reordered, order.id, fmt::format("applied after number {} of {}", top, order.producer));
      top = std::max(top, order.sequence);
      expected_results_[order.id].push_back(fresh.apply(order));
    }
    if (whole_) compare(fresh);
  }

  void compare(const OrderState& fresh) {
    const OrderState& last = history_.state.state;
    const auto differ = [&](const char* what, const auto& theirs, const auto& ours) {
      if (theirs != ours)
        fault(Category::digest_mismatch, history_.state.pod,
              fmt::format("its {} is {}, a replay of its messages gives {}", what, theirs, ours));
    };
    differ("digest", last.digest, fresh.digest);
    differ("count", last.count, fresh.count);
    differ("sum", last.sum, fresh.sum);
    if (last.last_sequence != fresh.last_sequence)
      fault(Category::digest_mismatch, history_.state.pod, "its last sequence numbers are not those of a replay");
  }

  // Confirmed, or seen by anybody: then it was there, and all that is there must take effect.
  [[nodiscard]] bool was_there(const Sent& sent) const {
    if (sent.delivery == Delivery::returned) return false;
    return sent.delivery == Delivery::confirmed || handled_.contains(sent.order.id) ||
           answered_.contains(sent.order.id);
  }

  void check_messages() {
    for (const Sent& sent : history_.record) {
      const std::string& id = sent.order.id;
      ++audit_.sent[to_string(sent.delivery)];
      if (!was_there(sent)) continue;
      const char* const by = sent.delivery == Delivery::confirmed ? "confirmed by the broker" : "seen by a consumer";
      const auto applied = expected_results_.find(id);
      if (applied == expected_results_.end())
        fault(Category::lost_in_state, id,
              fmt::format("{}, but the final state {}", by, whole_ ? "is without it" : "is not known to contain it"));
      if (!answered_.contains(id)) fault(Category::lost_result, id, fmt::format("{}, but no result arrived", by));
    }
    for (const auto& [id, results] : expected_results_)
      if (results.size() > 1) fault(Category::duplicated_in_state, id, fmt::format("applied {} times", results.size()));
  }

  void check_results() {
    std::map<std::string, std::set<std::tuple<std::string, std::int64_t>>> publications;
    for (const auto& [message, arrived] : history_.results) {
      if (!publications[message.id].emplace(message.pod, message.published).second) continue;  // collected twice
      ++audit_.results;
      const auto expected = expected_results_.find(message.id);
      if (!whole_ || expected == expected_results_.end()) continue;
      if (std::find(expected->second.begin(), expected->second.end(), message.result) == expected->second.end())
        fault(
            Category::wrong_result, message.id,
            fmt::format("{} answered count {} and sum {}, a replay gives {} and {}", message.pod, message.result.count,
                        message.result.sum, expected->second.front().count, expected->second.front().sum));
    }
    for (const auto& [id, times] : publications) {
      if (times.size() < 2) continue;
      const std::size_t repeats = std::min(times.size() - 1, cut_confirms(id));
      audit_.repeated_results += repeats;
      if (times.size() - 1 > repeats)
        fault(Category::duplicate_results, id, fmt::format("its result was published {} times", times.size()));
    }
  }

  // How often that message's result had to go out again because a connection ended between its publication and its
  // confirm. It shows in the log: the line before was the last one that concerned the state until the message came
  // again, or the last one of its Pod, of its Pod with that queue or with that memory, because then the Pod was frozen
  // or replayed.
  std::size_t cut_confirms(const std::string& id) const {
    std::size_t count = 0;
    const auto found = publishing_.find(id);
    if (found == publishing_.end()) return 0;
    const Handled* before = nullptr;
    for (const Handled* line : found->second) {
      const bool again = before != nullptr && line->outcome == "republished";
      if (again && (line->previous == before->digest || last_of_stretch_.contains(before))) ++count;
      before = line;
    }
    return count;
  }

  // Which lines published a result, by message; and which were the last ones before their Pod did something else.
  void look_for_cuts() {
    std::vector<const Handled*> lines;
    lines.reserve(history_.log.size());
    for (const Handled& line : history_.log)
      lines.push_back(&line);
    std::sort(lines.begin(), lines.end(), [](const Handled* a, const Handled* b) {
      return std::tie(a->finished, a->pod, a->order.id) < std::tie(b->finished, b->pod, b->order.id);
    });
    std::map<std::string_view, const Handled*> last;  // by Pod
    for (const Handled* line : lines) {
      const Handled*& before = last[line->pod];
      if (before != nullptr && before->finished == line->finished && before->order.id == line->order.id)
        continue;  // the same line twice
      // Another memory under the same name shows in the digest: what was restored may first end, as it remembers it,
      // the delivery that it was in the middle of.
      if (before != nullptr && (before->queue != line->queue || before->digest != line->previous))
        last_of_stretch_.insert(before);
      before = line;
      if (line->outcome == "applied" || line->outcome == "republished") publishing_[line->order.id].push_back(line);
    }
    for (const auto& [pod, line] : last)
      last_of_stretch_.insert(line);
  }

  void check_foreign() {
    std::set<std::string> seen{handled_.begin(), handled_.end()};
    seen.insert(answered_.begin(), answered_.end());
    for (const std::string& id : seen) {
      const auto sent = record_.find(id);
      if (sent == record_.end())
        fault(Category::foreign, id, "no record has it");
      else if (sent->second->delivery == Delivery::returned)
        fault(Category::foreign, id, "the broker had returned it to its sender");
    }
  }

  void tell_instances() {
    std::set<std::tuple<std::string_view, std::string_view, std::int64_t>> lines;
    for (const Handled& handled : history_.log) {
      if (!lines.emplace(handled.pod, handled.order.id, handled.finished).second) continue;  // the same line twice
      Instance& instance = audit_.instances[handled.pod];
      if (instance.handled++ == 0) instance.first = instance.last = handled.finished;
      if (is_effective(handled)) ++instance.effective;
      instance.first = std::min(instance.first, handled.finished);
      instance.last = std::max(instance.last, handled.finished);
    }
  }

  void measure_gap() {
    std::unordered_map<std::string, std::int64_t> first_finish;
    std::int64_t until = history_.state.at;
    for (const Handled& handled : history_.log) {
      const auto [entry, is_new] = first_finish.emplace(handled.order.id, handled.finished);
      if (!is_new) entry->second = std::min(entry->second, handled.finished);
      until = std::max(until, handled.finished);
    }
    std::vector<Wait> waits;
    for (const Sent& sent : history_.record) {
      until = std::max(until, sent.settled);
      if (!was_there(sent)) continue;
      const auto finish = first_finish.find(sent.order.id);
      waits.push_back({sent.order.id, sent.sent, {}});
      if (finish != first_finish.end()) waits.back().until = finish->second;
    }
    audit_.gap = longest_gap(waits_within(waits, history_.gap_within), std::min(until, history_.gap_within.until));
  }

  const History& history_;
  std::unordered_map<std::string, const Sent*> record_;
  Ids handled_;   // by any instance
  Ids answered_;  // by any instance
  std::vector<const Handled*> chain_;
  bool whole_ = false;                                                // the chain goes back to the beginning
  std::map<std::string, std::vector<OrderResult>> expected_results_;  // by id, for each time it was applied
  std::unordered_map<std::string, std::vector<const Handled*>> publishing_;
  std::unordered_set<const Handled*> last_of_stretch_;
  Audit audit_;
};

}  // namespace

const char* to_string(Category category) {
  constexpr std::array kWords{"lost_in_state",
                              "lost_result",
                              "duplicated_in_state",
                              "duplicate_results",
                              "wrong_result",
                              "reordered",
                              "foreign",
                              "altered",
                              "digest_mismatch",
                              "memory",
                              "gap"};
  static_assert(kWords.size() == kCategories.size());
  return kWords.at(static_cast<std::size_t>(category));
}

std::uint64_t Audit::count(Category category) const {
  return static_cast<std::uint64_t>(
      std::count_if(faults.begin(), faults.end(), [&](const Fault& fault) { return fault.category == category; }));
}

Audit judge(const History& history) {
  return Judge{history}.judge();
}

}  // namespace orders
