#include "test/workloads/producer/producer.h"

#include <boost/test/unit_test.hpp>
#include <deque>

namespace {

using namespace orders;
using amqp::Settled;
using amqp::Settlement;
using migrate::failure;
using migrate::Lookup;
using migrate::Result;
using namespace std::chrono_literals;

constexpr std::int64_t kStart = 1'000'000;

// A broker and a clock in memory. What is published is confirmed at once unless a test says otherwise.
struct World {
  std::int64_t now = kStart;
  std::vector<std::string> published;
  std::vector<Sent> record;
  std::vector<std::string> complaints;
  std::stop_source stop;
  int opened = 0;

  std::function<bool()> can_open = [] { return true; };
  // What the broker says after a publish with this tag on its link; empty: nothing.
  std::function<std::vector<Settled>(std::uint64_t, const std::string&)> answer = [](auto tag, const auto&) {
    return std::vector<Settled>{{tag, false, Settlement::confirmed, {}}};
  };
  std::function<bool(const std::string&)> breaks = [](const std::string&) { return false; };  // at publishing this id
  std::function<bool()> breaks_while_listening = [] { return false; };
  std::function<void()> meanwhile = [] {};

  void pass(std::int64_t microseconds) {
    now += microseconds;
    meanwhile();
  }
};

class FakeLink : public PublishLink {
 public:
  explicit FakeLink(World& world) : world_(world) {}

  Result<void> publish(const amqp::Message& message) override {
    if (world_.breaks(message.id)) return failure("the broker is gone");
    world_.published.push_back(message.id);
    for (const Settled& settled : world_.answer(++tag_, message.id))
      said_.push_back(settled);
    return {};
  }

  Lookup<Settled> settled(std::chrono::milliseconds timeout) override {
    if (world_.breaks_while_listening()) return failure("the broker is gone");
    if (said_.empty()) {
      world_.pass(timeout.count() * 1000);
      return std::nullopt;
    }
    const Settled settled = said_.front();
    said_.pop_front();
    return settled;
  }

 private:
  World& world_;
  std::uint64_t tag_ = 0;
  std::deque<Settled> said_;
};

class FakeBroker : public Opener<PublishLink> {
 public:
  explicit FakeBroker(World& world) : world_(world) {}
  Result<std::unique_ptr<PublishLink>> open() override {
    ++world_.opened;
    if (!world_.can_open()) return failure("no broker");
    return std::make_unique<FakeLink>(world_);
  }

 private:
  World& world_;
};

ProducerStatus run(World& world, ProducerOptions options) {
  FakeBroker broker{world};
  ProducerWorld around;
  around.now = [&] { return world.now; };
  around.wait = [&](std::chrono::microseconds time) { world.pass(time.count()); };
  around.record = [&](const Sent& sent) { world.record.push_back(sent); };
  around.complain = [&](const std::string& text) { world.complaints.push_back(text); };
  options.name = "p";
  Producer producer{broker, options, around};
  producer.run(world.stop.get_token());
  return producer.status();
}

ProducerOptions ten_a_second(std::uint64_t count) {
  return {.schedule = {.rate = {10}}, .count = count};
}

std::vector<std::string> deliveries(const World& world) {
  std::vector<std::string> all;
  for (const Sent& sent : world.record)
    all.push_back(sent.order.id + " " + to_string(sent.delivery));
  return all;
}

void check_words(const std::vector<std::string>& are, const std::vector<std::string>& should) {
  BOOST_CHECK_EQUAL_COLLECTIONS(are.begin(), are.end(), should.begin(), should.end());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(producer)

BOOST_AUTO_TEST_CASE(sends_on_time_and_records_every_confirm) {
  World world;
  const auto status = run(world, ten_a_second(3));
  check_words(deliveries(world), {"p-0-1 confirmed", "p-0-2 confirmed", "p-0-3 confirmed"});
  for (std::size_t i = 0; i < 3; ++i) {
    BOOST_TEST(world.record[i].due == kStart + static_cast<std::int64_t>(i) * 100'000);
    BOOST_TEST(world.record[i].sent == world.record[i].due);
    BOOST_TEST(world.record[i].order.producer == "p-0");
  }
  BOOST_TEST(status.sent == 3);
  BOOST_TEST(status.settled.at("confirmed") == 3);
  BOOST_TEST(status.unconfirmed == 0);
  BOOST_TEST(status.finished);
}

BOOST_AUTO_TEST_CASE(the_duration_ends_it_before_the_first_message_due_later) {
  World world;
  run(world, {.schedule = {.rate = {10}}, .duration = 300ms});
  BOOST_TEST(world.record.size() == 3);
}

BOOST_AUTO_TEST_CASE(one_confirm_may_settle_many) {
  World world;
  world.answer = [](std::uint64_t tag, const auto&) {
    return tag == 3 ? std::vector<Settled>{{3, true, Settlement::confirmed, {}}} : std::vector<Settled>{};
  };
  run(world, ten_a_second(3));
  check_words(deliveries(world), {"p-0-1 confirmed", "p-0-2 confirmed", "p-0-3 confirmed"});
  BOOST_TEST(world.record[0].settled > world.record[0].sent);
}

BOOST_AUTO_TEST_CASE(tells_nacked_and_returned_messages_from_confirmed_ones) {
  World world;
  world.answer = [](std::uint64_t tag, const std::string& id) -> std::vector<Settled> {
    if (tag == 1) return {{1, false, Settlement::nacked, {}}};
    if (tag == 2) return {{0, false, Settlement::returned, id}, {2, false, Settlement::confirmed, {}}};
    return {{tag, false, Settlement::confirmed, {}}};
  };
  run(world, ten_a_second(3));
  check_words(deliveries(world), {"p-0-1 nacked", "p-0-2 returned", "p-0-3 confirmed"});
}

BOOST_AUTO_TEST_CASE(what_was_not_confirmed_when_the_connection_broke_is_unknown_and_not_sent_again) {
  World world;
  world.answer = [](std::uint64_t tag, const std::string& id) -> std::vector<Settled> {
    if (id == "p-0-2") return {};
    return {{tag, false, Settlement::confirmed, {}}};
  };
  world.breaks = [](const std::string& id) { return id == "p-0-3"; };
  run(world, ten_a_second(4));
  check_words(deliveries(world), {"p-0-1 confirmed", "p-0-2 unknown", "p-0-3 unknown", "p-0-4 confirmed"});
  check_words(world.published, {"p-0-1", "p-0-2", "p-0-4"});
  BOOST_TEST(world.opened == 2);
  BOOST_TEST(world.complaints.size() == 1);
}

BOOST_AUTO_TEST_CASE(a_connection_that_breaks_between_two_messages_is_replaced_before_the_next) {
  World world;
  bool broke = false;
  world.breaks_while_listening = [&] { return world.published.size() == 1 && !std::exchange(broke, true); };
  world.answer = [](std::uint64_t tag, const std::string& id) -> std::vector<Settled> {
    if (id == "p-0-1") return {};
    return {{tag, false, Settlement::confirmed, {}}};
  };
  run(world, ten_a_second(2));
  check_words(deliveries(world), {"p-0-1 unknown", "p-0-2 confirmed"});
}

BOOST_AUTO_TEST_CASE(what_was_due_while_there_was_no_broker_is_sent_late_and_says_so) {
  World world;
  world.can_open = [&] { return world.now >= kStart + 1'000'000; };
  const auto status = run(world, ten_a_second(12));
  BOOST_TEST(world.record.size() == 12);
  BOOST_TEST(world.record[0].due == kStart);
  BOOST_TEST(world.record[0].sent >= kStart + 1'000'000);
  BOOST_TEST(status.max_lateness == world.record[0].sent - kStart);
  BOOST_TEST(world.record.back().due == kStart + 1'100'000);  // the schedule did not move
}

BOOST_AUTO_TEST_CASE(holds_back_when_too_much_is_unconfirmed) {
  World world;
  std::size_t most = 0;
  std::vector<std::uint64_t> open_tags;
  world.answer = [&](std::uint64_t tag, const auto&) {
    open_tags.push_back(tag);
    most = std::max(most, open_tags.size());
    if (tag % 5 != 0) return std::vector<Settled>{};
    open_tags.clear();
    return std::vector<Settled>{{tag, true, Settlement::confirmed, {}}};
  };
  auto options = ten_a_second(10);
  options.schedule.rate = {10'000};
  options.max_unconfirmed = 5;
  run(world, options);
  BOOST_TEST(most == 5);
  BOOST_TEST(world.record.size() == 10);

  World stuck;  // nothing is ever confirmed: it stops at the limit
  stuck.answer = [](auto, const auto&) { return std::vector<Settled>{}; };
  stuck.meanwhile = [&] {
    if (stuck.now > kStart + 5'000'000) stuck.stop.request_stop();
  };
  run(stuck, options);
  BOOST_TEST(stuck.published.size() == 5);
}

BOOST_AUTO_TEST_CASE(a_stop_ends_publishing_and_waits_for_what_is_outstanding) {
  World world;
  world.answer = [](auto, const auto&) { return std::vector<Settled>{}; };
  world.meanwhile = [&] {
    if (world.now >= kStart + 150'000) world.stop.request_stop();
  };
  const auto status = run(world, {.schedule = {.rate = {10}}, .last_wait = 2s});
  check_words(deliveries(world), {"p-0-1 unknown", "p-0-2 unknown"});
  BOOST_TEST(world.now >= kStart + 2'000'000);  // it did wait
  BOOST_TEST(world.now < kStart + 3'000'000);   // but not for ever
  BOOST_TEST(status.finished);
}

BOOST_AUTO_TEST_CASE(a_stop_without_a_broker_ends_too) {
  World world;
  world.can_open = [] { return false; };
  world.meanwhile = [&] {
    if (world.now > kStart + 3'000'000) world.stop.request_stop();
  };
  const auto status = run(world, ten_a_second(5));
  BOOST_TEST(status.sent == 0);
  BOOST_TEST(status.finished);
  BOOST_TEST(world.opened < 10);  // it backed off
}

BOOST_AUTO_TEST_SUITE_END()
