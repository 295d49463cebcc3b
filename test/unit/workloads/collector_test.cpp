#include "test/workloads/producer/collector.h"

#include <boost/test/unit_test.hpp>
#include <deque>

namespace {

using namespace orders;
using migrate::failure;
using migrate::Lookup;
using migrate::Result;

struct World {
  std::deque<amqp::Message> queue;
  std::vector<std::string> journal;
  std::vector<Collected> kept;
  std::vector<std::string> complaints;
  std::stop_source stop;
  std::function<bool(const std::string&)> breaks = [](const std::string&) { return false; };

  void push(const std::string& id, std::int64_t published) {
    queue.push_back({id, result_body({id, {1, 1}, "orders-0", published}), queue.size() + 1});
  }
};

class FakeLink : public ResultsLink {
 public:
  explicit FakeLink(World& world) : world_(world) {}
  Lookup<amqp::Message> receive(std::chrono::milliseconds) override {
    if (next_ == world_.queue.size()) {
      world_.stop.request_stop();
      return std::nullopt;
    }
    return world_.queue[next_++];
  }
  Result<void> acknowledge(std::uint64_t tag) override {
    const std::string entry = "acknowledge " + std::to_string(tag);
    world_.journal.push_back(entry);
    if (world_.breaks(entry)) return failure("broken");
    world_.queue.pop_front();
    --next_;
    return {};
  }

 private:
  World& world_;
  std::size_t next_ = 0;
};

class FakeBroker : public Opener<ResultsLink> {
 public:
  explicit FakeBroker(World& world) : world_(world) {}
  Result<std::unique_ptr<ResultsLink>> open() override {
    world_.journal.emplace_back("open");
    if (world_.breaks("open")) return failure("no broker");
    return std::make_unique<FakeLink>(world_);
  }

 private:
  World& world_;
};

void run(World& world) {
  FakeBroker broker{world};
  std::int64_t now = 0;
  collect_results(broker,
                  {.now = [&] { return ++now; },
                   .wait = [&](auto) { world.journal.emplace_back("pause"); },
                   .ready = [&] { world.journal.emplace_back("ready"); },
                   .keep =
                       [&](const Collected& collected) {
                         world.journal.push_back("keep " + collected.message.id);
                         world.kept.push_back(collected);
                       },
                   .complain = [&](const std::string& text) { world.complaints.push_back(text); }},
                  world.stop.get_token());
}

void check_words(const std::vector<std::string>& are, const std::vector<std::string>& should) {
  BOOST_CHECK_EQUAL_COLLECTIONS(are.begin(), are.end(), should.begin(), should.end());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(collector)

BOOST_AUTO_TEST_CASE(keeps_each_result_with_its_arrival_before_it_is_acknowledged) {
  World world;
  world.push("a-1", 100);
  world.push("a-2", 200);
  run(world);
  check_words(world.journal, {"open", "ready", "keep a-1", "acknowledge 1", "keep a-2", "acknowledge 2"});
  BOOST_TEST(world.kept[0].arrived == 1);
  BOOST_TEST(world.kept[1].arrived == 2);
  BOOST_TEST(world.kept[1].message.published == 200);
}

BOOST_AUTO_TEST_CASE(a_broken_connection_is_replaced_and_what_was_not_acknowledged_is_kept_again) {
  World world;
  world.push("a-1", 100);
  bool broke = false;
  world.breaks = [&](const std::string& entry) { return entry == "acknowledge 1" && !std::exchange(broke, true); };
  run(world);
  check_words(world.journal,
              {"open", "ready", "keep a-1", "acknowledge 1", "pause", "open", "ready", "keep a-1", "acknowledge 1"});
  BOOST_TEST(world.kept[0].message.published == world.kept[1].message.published);
}

BOOST_AUTO_TEST_CASE(is_ready_only_when_the_queue_is_bound) {
  World world;
  int failures = 2;
  world.breaks = [&](const std::string& entry) { return entry == "open" && failures-- > 0; };
  run(world);
  check_words(world.journal, {"open", "pause", "open", "pause", "open", "ready"});
}

BOOST_AUTO_TEST_CASE(what_is_no_result_is_acknowledged_and_complained_about) {
  World world;
  world.queue.push_back({"x", "rubbish", 1});
  run(world);
  check_words(world.journal, {"open", "ready", "acknowledge 1"});
  BOOST_TEST(world.complaints.size() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
