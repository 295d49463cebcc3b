// The judge against histories made by hand: one that is right, and the same with one thing wrong at a time.
#include "test/workloads/audit/audit.h"

#include <boost/test/unit_test.hpp>
#include <map>

namespace {

using namespace orders;

constexpr std::int64_t kSecond = 1'000'000;

// Writes a history as instances of a consumer would: each has its own state, and may be a copy of another's.
class Scene {
 public:
  History history;

  // Sent at this second, confirmed a millisecond later.
  Order send(const std::string& producer, std::uint64_t sequence, double second,
             Delivery delivery = Delivery::confirmed) {
    Order order{producer + "-" + std::to_string(sequence), producer, sequence, static_cast<std::int64_t>(sequence)};
    const auto at = static_cast<std::int64_t>(second * kSecond);
    history.record.push_back({order, at, at, at + 1000, delivery});
    return order;
  }

  void handle(const std::string& pod, const Order& order, double second, const std::string& outcome = "applied") {
    OrderState& state = states_[pod];
    const char* const queue = outcome == "replayed" ? "replay" : "orders";
    Handled line{order, static_cast<std::int64_t>(second * kSecond), pod, queue, outcome, state.digest, {}};
    if (outcome == "applied" || outcome == "replayed") results_[order.id] = state.apply(order);
    line.digest = state.digest;
    history.log.push_back(line);
    if (outcome == "applied" || outcome == "republished") publish(pod, order, line.finished + 500);
  }

  void publish(const std::string& pod, const Order& order, std::int64_t at) {
    history.results.push_back({{order.id, results_[order.id], pod, at}, at + 700});
  }

  void copy(const std::string& from, const std::string& to) { states_[to] = states_[from]; }

  Audit judge(const std::string& last_pod, double second = 10) {
    history.state = {last_pod, static_cast<std::int64_t>(second * kSecond), states_[last_pod], true};
    return orders::judge(history);
  }

 private:
  std::map<std::string, OrderState> states_;
  std::map<std::string, OrderResult> results_;
};

std::map<std::string, std::uint64_t> faults_of(const Audit& audit) {
  std::map<std::string, std::uint64_t> counts;
  for (const Fault& fault : audit.faults)
    ++counts[to_string(fault.category)];
  return counts;
}

void check_faults(const Audit& audit, const std::map<std::string, std::uint64_t>& expected) {
  std::string texts;
  for (const Fault& fault : audit.faults)
    texts += std::string(to_string(fault.category)) + " " + fault.subject + " " + fault.text + "; ";
  BOOST_TEST((faults_of(audit) == expected), "faults: " << texts);
}

// Two producers, one consumer, a second each.
Scene quiet_run() {
  Scene scene;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    scene.handle("orders-0", scene.send("a", i, static_cast<double>(i)), static_cast<double>(i) + 0.05);
    scene.handle("orders-0", scene.send("b", i, static_cast<double>(i) + 0.5), static_cast<double>(i) + 0.55);
  }
  return scene;
}

// A live migration: the copy is made after a-2, the source goes on to a-4, the target replays and takes over.
Scene live_migration() {
  Scene scene;
  std::vector<Order> sent;
  for (std::uint64_t i = 1; i <= 6; ++i)
    sent.push_back(scene.send("a", i, 0.1 * static_cast<double>(i)));
  scene.handle("source", sent[0], 0.15);
  scene.handle("source", sent[1], 0.25);
  scene.copy("source", "target");
  scene.handle("source", sent[2], 0.35);
  scene.handle("source", sent[3], 0.45);
  scene.handle("target", sent[1], 0.60, "duplicate");  // the mirror began before the copy was made
  scene.handle("target", sent[2], 0.65, "replayed");
  scene.handle("target", sent[3], 0.70, "replayed");
  scene.handle("target", sent[4], 0.75, "applied");
  scene.handle("target", sent[5], 0.80, "applied");
  return scene;
}

// The source handled a-1 and a-2 and lives on as the target.
Scene moved_after_two() {
  Scene scene;
  scene.handle("source", scene.send("a", 1, 1), 1.05);
  scene.handle("source", scene.send("a", 2, 1), 1.1);
  scene.copy("source", "target");
  return scene;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(audit)

BOOST_AUTO_TEST_CASE(a_quiet_run_is_clean) {
  auto scene = quiet_run();
  const Audit audit = scene.judge("orders-0");
  check_faults(audit, {});
  BOOST_TEST(audit.sent.at("confirmed") == 6);
  BOOST_TEST(audit.effective == 6);
  BOOST_TEST(audit.side_branch == 0);
  BOOST_TEST(audit.results == 6);
  BOOST_TEST(audit.instances.at("orders-0").handled == 6);
  BOOST_TEST(audit.gap.length() == 50'000);
}

BOOST_AUTO_TEST_CASE(a_live_migration_is_clean_and_its_source_is_a_side_branch) {
  auto scene = live_migration();
  const Audit audit = scene.judge("target");
  check_faults(audit, {});
  BOOST_TEST(audit.effective == 6);
  BOOST_TEST(audit.instances.at("source").effective == 4);
  BOOST_TEST(audit.instances.at("target").handled == 5);
  BOOST_TEST(audit.instances.at("target").effective == 4);
  // a-4 was finished at 0.45, a-5 waited from 0.5 to 0.75; replayed ones, finished before, end no gap.
  BOOST_TEST(audit.gap.length() == 250'000);
  BOOST_TEST(audit.gap.from == 500'000);
  BOOST_TEST(audit.gap.ended_by == "a-5");
}

BOOST_AUTO_TEST_CASE(a_message_left_out_by_the_target_is_lost_from_its_state) {
  Scene scene;
  const auto first = scene.send("a", 1, 1);
  const auto second = scene.send("a", 2, 2);
  scene.handle("source", first, 1.05);
  scene.copy("source", "target");
  scene.handle("source", second, 2.05);
  const auto third = scene.send("a", 3, 3);
  scene.handle("target", third, 3.05);  // never saw a-2
  check_faults(scene.judge("target"), {{"lost_in_state", 1}});
  BOOST_TEST(scene.judge("target").side_branch == 1);
  BOOST_TEST(scene.judge("target").faults.front().subject == "a-2");
}

BOOST_AUTO_TEST_CASE(a_message_nobody_handled_is_lost_from_state_and_results) {
  auto scene = quiet_run();
  scene.send("a", 4, 9);
  check_faults(scene.judge("orders-0"), {{"lost_in_state", 1}, {"lost_result", 1}});
}

BOOST_AUTO_TEST_CASE(a_consumer_that_began_anew_has_lost_what_came_before) {
  Scene scene;
  scene.handle("orders-0", scene.send("a", 1, 1), 1.05);
  scene.handle("orders-0-new", scene.send("a", 2, 2), 2.05);
  check_faults(scene.judge("orders-0-new"), {{"lost_in_state", 1}});
}

BOOST_AUTO_TEST_CASE(a_result_that_never_arrived_is_lost) {
  auto scene = quiet_run();
  scene.history.results.erase(scene.history.results.begin() + 2);
  const Audit audit = scene.judge("orders-0");
  check_faults(audit, {{"lost_result", 1}});
  BOOST_TEST(audit.faults.front().subject == "a-2");
}

BOOST_AUTO_TEST_CASE(a_message_applied_twice_is_duplicated) {
  auto scene = quiet_run();
  scene.handle("orders-0", scene.history.record[2].order, 4);  // a-2 once more, without idempotency
  check_faults(scene.judge("orders-0"), {{"duplicated_in_state", 1}, {"duplicate_results", 1}});
}

BOOST_AUTO_TEST_CASE(a_recognised_duplicate_is_no_fault) {
  auto scene = quiet_run();
  scene.handle("orders-0", scene.history.record[2].order, 4, "duplicate");
  check_faults(scene.judge("orders-0"), {});
}

BOOST_AUTO_TEST_CASE(a_result_published_twice_is_told_from_one_collected_twice) {
  auto scene = quiet_run();
  scene.history.results.push_back(scene.history.results[1]);
  scene.history.results.back().arrived += 5000;
  check_faults(scene.judge("orders-0"), {});
  BOOST_TEST(scene.judge("orders-0").results == 6);
  scene.history.results.back().message.published += 5000;
  check_faults(scene.judge("orders-0"), {{"duplicate_results", 1}});
}

BOOST_AUTO_TEST_CASE(a_result_whose_confirm_was_cut_off_may_go_out_once_more) {
  auto scene = moved_after_two();
  scene.handle("target", scene.history.record[1].order, 2, "republished");
  check_faults(scene.judge("target"), {});
  BOOST_TEST(scene.judge("target").repeated_results == 1);
  // One cut explains one repetition.
  scene.publish("target", scene.history.record[1].order, 3 * kSecond);
  check_faults(scene.judge("target"), {{"duplicate_results", 1}});
  BOOST_TEST(scene.judge("target").repeated_results == 1);
}

BOOST_AUTO_TEST_CASE(a_result_whose_confirm_was_cut_off_may_go_out_once_more_after_a_replay) {
  for (const char* target : {"target", "source"}) {  // the name may be kept
    Scene scene;
    const auto first = scene.send("a", 1, 1);
    const auto second = scene.send("a", 2, 1);
    const auto third = scene.send("a", 3, 1);
    scene.handle("source", first, 1.05);
    scene.copy("source", "copy");
    scene.handle("source", second, 1.1);  // published, and frozen before the confirm came
    scene.copy("copy", target);
    scene.handle(target, second, 1.5, "replayed");
    scene.handle(target, third, 1.6, "replayed");
    scene.handle(target, second, 1.7, "republished");
    scene.handle(target, third, 1.8, "republished");
    check_faults(scene.judge(target), {});
    BOOST_TEST(scene.judge(target).repeated_results == 1);
    scene.handle(target, third, 1.9, "applied");  // nothing was cut off here
    BOOST_TEST(scene.judge(target).count(Category::duplicate_results) == 1);
  }
}

BOOST_AUTO_TEST_CASE(a_restored_memory_under_the_same_name_first_ends_what_it_remembers) {
  Scene scene;
  const auto first = scene.send("a", 1, 1);
  const auto second = scene.send("a", 2, 1);
  const auto third = scene.send("a", 3, 1);
  scene.copy("orders-0", "checkpoint");  // in the middle of the first
  scene.handle("orders-0", first, 1.05);
  scene.handle("orders-0", second, 1.1);  // published, and frozen before the confirm came
  scene.copy("checkpoint", "orders-0");
  const auto published = scene.history.results;
  scene.handle("orders-0", first, 1.5);
  scene.history.results = published;  // its connection is gone
  scene.handle("orders-0", second, 1.6, "replayed");
  scene.handle("orders-0", third, 1.7, "replayed");
  scene.handle("orders-0", second, 1.8, "republished");
  scene.handle("orders-0", third, 1.9, "republished");
  check_faults(scene.judge("orders-0"), {});
  BOOST_TEST(scene.judge("orders-0").repeated_results == 1);
}

BOOST_AUTO_TEST_CASE(a_result_repeated_after_others_were_handled_is_a_fault) {
  auto scene = moved_after_two();
  scene.handle("target", scene.history.record[0].order, 2, "republished");
  check_faults(scene.judge("target"), {{"duplicate_results", 1}});
  BOOST_TEST(scene.judge("target").repeated_results == 0);
}

BOOST_AUTO_TEST_CASE(a_result_of_another_state_is_wrong) {
  auto scene = quiet_run();
  ++scene.history.results[3].message.result.sum;
  check_faults(scene.judge("orders-0"), {{"wrong_result", 1}});
}

BOOST_AUTO_TEST_CASE(a_source_that_answered_in_another_order_than_the_target_applied_is_caught_by_its_results) {
  Scene scene;
  const auto a = scene.send("a", 1, 1);
  const auto b = scene.send("b", 1, 1);
  scene.copy("source", "target");
  scene.handle("source", a, 1.05);
  scene.handle("source", b, 1.10);
  scene.handle("target", b, 1.5, "replayed");
  scene.handle("target", a, 1.6, "replayed");
  check_faults(scene.judge("target"), {{"wrong_result", 2}});
}

BOOST_AUTO_TEST_CASE(a_message_applied_after_a_later_one_of_its_producer_is_reordered) {
  Scene scene;
  const auto first = scene.send("a", 1, 1);
  const auto second = scene.send("a", 2, 1);
  scene.handle("orders-0", second, 1.05);
  scene.handle("orders-0", first, 1.10);
  const Audit audit = scene.judge("orders-0");
  check_faults(audit, {{"reordered", 1}});
  BOOST_TEST(audit.faults.front().subject == "a-1");
}

BOOST_AUTO_TEST_CASE(producers_may_be_interleaved_in_any_way) {
  Scene scene;
  const auto a = scene.send("a", 1, 1);
  const auto b = scene.send("b", 1, 1);
  scene.handle("orders-0", b, 1.05);
  scene.handle("orders-0", a, 1.10);
  check_faults(scene.judge("orders-0"), {});
}

BOOST_AUTO_TEST_CASE(a_message_nobody_sent_is_foreign) {
  auto scene = quiet_run();
  scene.handle("orders-0", {"x-1", "x", 1, 5}, 4);
  check_faults(scene.judge("orders-0"), {{"foreign", 1}});
}

BOOST_AUTO_TEST_CASE(a_message_the_broker_returned_may_not_be_handled_and_need_not) {
  auto scene = quiet_run();
  const auto returned = scene.send("a", 4, 5, Delivery::returned);
  check_faults(scene.judge("orders-0"), {});
  scene.handle("orders-0", returned, 6);
  check_faults(scene.judge("orders-0"), {{"foreign", 1}});
}

BOOST_AUTO_TEST_CASE(a_message_the_broker_did_not_confirm_may_be_there_or_not) {
  for (const Delivery delivery : {Delivery::unknown, Delivery::nacked}) {
    auto scene = quiet_run();
    const auto sent = scene.send("a", 4, 4, delivery);
    check_faults(scene.judge("orders-0"), {});  // and no gap either, however long nobody handles it
    BOOST_TEST(scene.judge("orders-0").gap.length() == 50'000);
    scene.handle("orders-0", sent, 4.05);
    check_faults(scene.judge("orders-0"), {});
  }
}

BOOST_AUTO_TEST_CASE(a_message_the_broker_did_not_confirm_but_a_source_handled_was_there) {
  Scene scene;
  const auto sent = scene.send("a", 1, 1, Delivery::unknown);
  scene.copy("source", "target");
  scene.handle("source", sent, 1.05);
  check_faults(scene.judge("target"), {{"lost_in_state", 1}});
}

BOOST_AUTO_TEST_CASE(a_message_applied_with_another_content_is_altered) {
  Scene scene;
  auto order = scene.send("a", 1, 1);
  order.value += 1;
  scene.handle("orders-0", order, 1.05);
  // The replay of what was sent gives another digest, sum and result than the consumer has.
  check_faults(scene.judge("orders-0"), {{"altered", 1}, {"digest_mismatch", 2}, {"wrong_result", 1}});
}

BOOST_AUTO_TEST_CASE(a_state_that_no_log_leads_to_is_a_mismatch) {
  auto scene = quiet_run();
  scene.judge("orders-0");
  scene.history.state.state.digest = std::string(64, 'f');
  const Audit audit = judge(scene.history);
  BOOST_TEST(audit.count(Category::digest_mismatch) == 1);
  BOOST_TEST(audit.count(Category::lost_in_state) == 6);
}

BOOST_AUTO_TEST_CASE(a_log_line_that_is_missing_breaks_the_chain) {
  auto scene = quiet_run();
  scene.history.log.erase(scene.history.log.begin() + 2);
  const Audit audit = scene.judge("orders-0");
  BOOST_TEST(audit.count(Category::digest_mismatch) == 1);
  BOOST_TEST(audit.effective == 3);
  BOOST_TEST(audit.count(Category::lost_in_state) == 3);
}

BOOST_AUTO_TEST_CASE(a_log_line_that_does_not_compute_is_a_mismatch) {
  auto scene = quiet_run();
  scene.history.log[2].digest = std::string(64, 'e');
  scene.history.log[3].previous = std::string(64, 'e');
  BOOST_TEST(scene.judge("orders-0").count(Category::digest_mismatch) == 2);  // neither of the two lines does
}

BOOST_AUTO_TEST_CASE(counters_that_are_not_those_of_a_replay_are_a_mismatch) {
  auto scene = quiet_run();
  scene.judge("orders-0");
  ++scene.history.state.state.count;
  ++scene.history.state.state.sum;
  scene.history.state.state.last_sequence["b"] = 2;
  check_faults(judge(scene.history), {{"digest_mismatch", 3}});
}

BOOST_AUTO_TEST_CASE(memory_that_is_not_intact_is_a_fault) {
  auto scene = quiet_run();
  scene.judge("orders-0");
  scene.history.state.memory_intact = false;
  check_faults(judge(scene.history), {{"memory", 1}});
}

BOOST_AUTO_TEST_CASE(log_lines_given_twice_change_nothing) {
  auto scene = live_migration();
  const auto once = scene.history.log;
  scene.history.log.insert(scene.history.log.end(), once.begin(), once.end());
  const Audit audit = scene.judge("target");
  check_faults(audit, {});
  BOOST_TEST(audit.instances.at("target").handled == 5);
  BOOST_TEST(audit.side_branch == 0);
}

BOOST_AUTO_TEST_CASE(a_message_that_is_never_finished_is_a_gap_until_the_state_was_asked_for) {
  auto scene = quiet_run();
  scene.send("a", 4, 9);
  BOOST_TEST(scene.judge("orders-0", 12).gap.length() == 3 * kSecond);
}

BOOST_AUTO_TEST_CASE(nothing_sent_and_nothing_done_is_clean) {
  Scene scene;
  const Audit audit = scene.judge("orders-0");
  check_faults(audit, {});
  BOOST_TEST(audit.gap.length() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
