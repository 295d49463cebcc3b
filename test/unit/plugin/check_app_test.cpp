#include "plugin/app_copy.h"
#include "plugin/broker_way.h"
#include "shared/base/base64.h"
#include "test/fakes/broker.h"
#include "test/unit/plugin/scene.h"

namespace migrate::plugin {
namespace {

constexpr const char* kCopy = "orders-check-bbbbb";
constexpr const char* kMirror = "ms2m.check.orders-check-bbbbb";
constexpr const char* kControl = "ms2m.control.orders-check-bbbbb";

class Given final : public BrokerWay {
 public:
  explicit Given(std::shared_ptr<broker::Broker> broker) : broker_(std::move(broker)) {}
  Result<std::shared_ptr<broker::Broker>> reach(const broker::BrokerAddress& address,
                                                const std::string& near) override {
    reached = address.amqp.host + " from " + near;
    return broker_;
  }
  std::string reached;

 private:
  std::shared_ptr<broker::Broker> broker_;
};

struct Faults {
  bool does_not_start = false;
  bool ends = false;
  bool is_deaf = false;     // never looks into the control queue, and consumes its own
  bool looks_only = false;  // takes START_REPLAY and consumes its own queue
  bool only_waits = false;  // never looks, consumes nothing
  bool goes_back = false;   // when it has caught up
  bool forgets = false;     // with its connection
  bool gives_back = false;  // the first message it gets
  bool acknowledges_not = false;
  bool stays = false;      // END_REPLAY or not
  bool auto_acks = false;  // what it replays
};

// The copy's application, a step at a time.
class App {
 public:
  App(fakes::FakeBroker& broker, fakes::Cluster& cluster, Faults faults)
      : broker_(broker), cluster_(cluster), faults_(faults) {}

  void step() {
    const auto path = kube::pod("shop", kCopy);
    const Json* const found = cluster_.find(path);
    if (found == nullptr) return leave();
    if (!found->contains("status")) return begin(path, *found);
    if (faults_.does_not_start || faults_.ends) return;
    look();
    if (faults_.only_waits) return;
    const std::string wanted = replaying_ && !faults_.looks_only ? kMirror : "orders";
    if (consumed() != wanted) {
      if (faults_.forgets && has_consumed_) replaying_ = false;
      leave();
      broker_.consume(replaying_ && !faults_.looks_only ? kMirror : "orders",
                      {"copy", "copy:" + std::to_string(++connections_), "10.0.0.9", 2, !faults_.auto_acks});
      has_consumed_ = true;
    }
    if (replaying_) work();
  }

 private:
  void begin(const kube::ResourcePath& path, Json pod) {
    const Json waiting = {{"reason", "ImagePullBackOff"}, {"message", "no such image"}};
    const Json ended = {{"exitCode", 3}};
    Json state{{"running", Json::object()}};
    if (faults_.does_not_start) state = {{"waiting", waiting}};
    if (faults_.ends) state = {{"terminated", ended}};
    pod["status"] = {{"phase", "Running"}};
    pod["status"]["containerStatuses"] = Json::array({{{"name", "main"}, {"state", state}}});
    cluster_.put(path, pod);
  }
  void look() {
    if (faults_.is_deaf || faults_.only_waits) return;
    for (const std::string& word : broker_.ready(kControl)) {
      if (word.find("START_REPLAY") != std::string::npos) replaying_ = true;
      if (word.find("END_REPLAY") != std::string::npos) ending_ = !faults_.stays;
    }
    (void)broker_.purge(kControl);
  }
  void work() {
    if (std::exchange(is_to_give_back_, false)) {
      has_given_back_ = true;
      return broker_.cancel(kMirror, "copy");
    }
    const auto taken = broker_.take(kMirror, "copy");
    if (taken && faults_.gives_back && !has_given_back_) {
      is_to_give_back_ = true;
      return;
    }
    if (taken && !faults_.acknowledges_not) broker_.acknowledge(kMirror, "copy");
    const bool is_through = broker_.ready(kMirror).empty();
    if ((ending_ || (faults_.goes_back && is_through)) && is_through) replaying_ = false;
  }
  [[nodiscard]] std::string consumed() {
    for (const char* queue : {kMirror, "orders"}) {
      const auto all = value_or_fatal(broker_.consumers(queue));
      if (std::any_of(all.begin(), all.end(), [](const auto& one) { return one.tag == "copy"; })) return queue;
    }
    return "";
  }
  void leave() {
    for (const char* queue : {kMirror, "orders"})
      if (broker_.has_queue(queue)) broker_.cancel(queue, "copy");
  }

  fakes::FakeBroker& broker_;
  fakes::Cluster& cluster_;
  Faults faults_;
  bool replaying_ = false;
  bool ending_ = false;
  bool has_consumed_ = false;
  bool is_to_give_back_ = false;
  bool has_given_back_ = false;
  int connections_ = 0;
};

struct Trial {
  std::shared_ptr<fakes::FakeBroker> broker = std::make_shared<fakes::FakeBroker>();
  Given way{broker};
  Stepping pacer;
  Scene scene;
  Io io = plain_io(scene.out, scene.err, scene.clock, pacer, scene.interrupted);
  App app;
  int messages;

  explicit Trial(Faults faults = {}, int count = 3) : app(*broker, scene.cluster, faults), messages(count) {
    broker->add_exchange("in", "fanout");
    broker::QueueFacts facts;
    facts.name = "orders";
    facts.type = "classic";
    facts.durable = true;
    facts.bindings = {{"in", ""}};
    facts.consumers = {{"app", "source:1", "10.0.0.1", 5}};
    broker->add_queue(facts);
    scene.cluster.put(kube::pod("shop", "orders"), pod());
    scene.cluster.put(kube::core("secrets", "shop", "rabbitmq"),
                      {{"data", {{"amqp-url", to_base64("amqp://u:p@rabbitmq.rabbitmq/")}}}});
    pacer.each = [this] { step(); };
  }

  static Json pod() {
    return Json::parse(R"({
      "metadata": {"labels": {"app": "orders"},
                   "annotations": {"kubectl-migrate.dev/queue": "orders",
                                   "kubectl-migrate.dev/broker-secret": "rabbitmq"}},
      "spec": {"nodeName": "node-a", "restartPolicy": "Always", "containers": [{"name": "main", "image": "orders:1"}]},
      "status": {"phase": "Running"}})");
  }
  void step() {
    if (messages > 0 && broker->bindings(kMirror).size() == 1) {
      broker->arrive("in", "", {std::to_string(messages)});
      --messages;
    }
    app.step();
  }
  int run(std::vector<std::string> arguments = {}) {
    arguments.insert(arguments.begin(), {"check-app", "orders"});
    const auto options = parse(arguments);
    BOOST_REQUIRE_MESSAGE(options, (options ? "" : options.error().message));
    const Session session{io, scene.cluster, "shop"};
    return run_command(session, *options, way);
  }
  void check_nothing_left() const {
    BOOST_TEST(scene.cluster.find(kube::pod("shop", kCopy)) == nullptr);
    BOOST_TEST(!broker->has_queue(kMirror));
    BOOST_TEST(!broker->has_queue(kControl));
    BOOST_TEST(broker->ready("orders").size() <= 3U);  // the test's own consumer takes nothing
  }
};

const std::string kBegin = R"(queue
-----
ok   queue orders can be mirrored

messages
--------
ok   queue ms2m.check.orders-check-bbbbb gets the same messages as queue orders
ok   3 messages are collected

START_REPLAY
------------
)";
const std::string kStarted = R"(ok   a copy of the Pod runs: orders-check-bbbbb
ok   it looks into its control queue before it consumes anything
ok   it consumes queue ms2m.check.orders-check-bbbbb instead of its own

replay
------
)";
const std::string kReplayed = R"(ok   it acknowledges every message (3)
ok   it gives no message back
ok   it stays with the replay until END_REPLAY
note whether it publishes nothing while it replays cannot be seen from here
    the Pod it was copied from publishes those results: look for results that came twice
)";
const std::string kBack = R"(ok   it comes back to the replay when its connection breaks

END_REPLAY
----------
)";
const std::string kEnd = R"(
clean-up
--------
ok   the copy and its queues are removed

Status check results are )";

}  // namespace

BOOST_AUTO_TEST_SUITE(check_app)

BOOST_AUTO_TEST_CASE(a_good_application_passes_and_its_own_queue_is_not_touched) {
  Trial trial;
  BOOST_TEST(trial.run() == 0, trial.scene.err.str());
  BOOST_TEST(trial.scene.out.str() == kBegin + kStarted + kReplayed + kBack +
                                          R"(skip it leaves the replay
    a copy that obeys consumes queue orders until its Pod has ended, and what it acknowledges there the application never sees
    --accept touch-queue plays it all the same
)" + kEnd + "ok\n");
  trial.check_nothing_left();
  BOOST_TEST(trial.way.reached == "rabbitmq.rabbitmq from shop");
  const auto calls = trial.broker->calls();
  const auto position = [&](const std::string& begin) {
    return std::find_if(calls.begin(), calls.end(), [&](const auto& call) { return call.starts_with(begin); });
  };
  BOOST_TEST((position("publish " + std::string(kControl)) < position("consumers")), "it is told before it lives");
  for (const auto& call : calls)
    BOOST_TEST(call.find("END_REPLAY") == std::string::npos, call);
}

BOOST_AUTO_TEST_CASE(a_document_for_programs_stands_alone) {
  Trial trial;
  BOOST_TEST(trial.run({"-o", "json"}) == 0, trial.scene.err.str());
  const Json document = Json::parse(trial.scene.out.str(), nullptr, false);
  BOOST_REQUIRE(!document.is_discarded());
  BOOST_TEST(document.at("success") == true);
  BOOST_TEST(document.at("categories").front().at("categoryName") == "queue");
}

BOOST_AUTO_TEST_CASE(with_consent_the_end_is_played_too) {
  Trial trial;
  BOOST_TEST(trial.run({"--accept", "touch-queue"}) == 0, trial.scene.err.str());
  BOOST_TEST(trial.scene.out.str() == kBegin + kStarted + kReplayed + kBack + R"(ok   it leaves the replay
ok   it goes back to queue orders (and was ended at once)
ok   it leaves nothing unacknowledged
)" + kEnd + "ok\n");
  trial.check_nothing_left();
}

BOOST_AUTO_TEST_CASE(without_messages_what_cannot_be_seen_is_said) {
  Trial trial{{}, 0};
  BOOST_TEST(trial.run() == 0, trial.scene.err.str());
  check_says(trial.scene.out.str(), "note no message came within 10.0 s\n");
  BOOST_TEST(trial.scene.out.str().find("acknowledges every") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_unread_control_queue_is_named_and_the_copy_is_ended_at_once) {
  Trial trial{{.is_deaf = true}};
  BOOST_TEST(trial.run() == 1);
  BOOST_TEST(trial.scene.out.str() == kBegin + R"(FAIL it looks into its control queue before it consumes anything
    it consumes its own queue orders while START_REPLAY stands unread in ms2m.control.orders-check-bbbbb
    see docs/app-contract.md, The protocol for hints
)" + kEnd + "FAIL\n");
  trial.check_nothing_left();
}

BOOST_AUTO_TEST_CASE(every_fault_has_its_words) {
  struct Row {
    Faults faults;
    const char* says;
  };
  const std::vector<Row> rows{
      {{.does_not_start = true}, "FAIL a copy of the Pod runs\n    ImagePullBackOff: no such image\n"},
      {{.ends = true}, "FAIL a copy of the Pod runs\n    it ended by itself; container main: exit code 3\n"},
      {{.looks_only = true}, "it took START_REPLAY and consumes its own queue orders all the same\n"},
      {{.only_waits = true}, "it did not start replaying within 30.0 s: START_REPLAY stands unread in ms2m.control."},
      {{.goes_back = true}, "it consumes its own queue orders although nobody said END_REPLAY\n"},
      {{.forgets = true},
       "after its connection was closed it consumes its own queue orders: it forgot that it replays"},
      {{.gives_back = true}, "FAIL it gives no message back\n    1 message(s) came back into queue ms2m.check."},
      {{.acknowledges_not = true},
       "none was acknowledged for 30.0 s; 1 stand in queue ms2m.check.orders-check-bbbbb, 2 "},
      {{.auto_acks = true},
       "FAIL it acknowledges every message (3)\n    queue ms2m.check.orders-check-bbbbb has a consumer (copy) that "
       "does "
       "not acknowledge"},
      {{.stays = true},
       "it still consumes queue ms2m.check.orders-check-bbbbb 30.0 s after END_REPLAY, which it took\n"},
  };
  for (const Row& row : rows) {
    Trial trial{row.faults};
    BOOST_TEST_CONTEXT(row.says) {
      BOOST_TEST(trial.run({"--accept=touch-queue"}) == 1, trial.scene.err.str());
      check_says(trial.scene.out.str(), row.says);
      check_says(trial.scene.out.str(), kEnd + "FAIL\n");
      trial.check_nothing_left();
    }
  }
}

BOOST_AUTO_TEST_CASE(an_interrupt_and_a_broken_broker_leave_nothing_behind) {
  Trial interrupted;
  interrupted.pacer.each = [&] {
    interrupted.step();
    if (interrupted.scene.cluster.find(kube::pod("shop", kCopy)) != nullptr) interrupted.scene.interrupted = true;
  };
  BOOST_TEST(interrupted.run() == 130);
  interrupted.check_nothing_left();
  check_says(interrupted.scene.err.str(), "error: interrupted\n");

  Trial broken;
  broken.broker->on_call = [&](const std::string& call) -> std::optional<Error> {
    if (call == std::string("totals ") + kMirror) return Error{"the management API answers 500"};
    return std::nullopt;
  };
  BOOST_TEST(broken.run() == 1);
  broken.check_nothing_left();
  check_says(broken.scene.err.str(), "error: the management API answers 500\n");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_checked_is_refused_before_anything_is_made) {
  struct Row {
    const char* pointer;
    Json value;
    const char* says;
  };
  const std::vector<Row> rows{
      {"/metadata/annotations/kubectl-migrate.dev~1queue", nullptr, "has no annotation kubectl-migrate.dev/queue"},
      {"/metadata/annotations/kubectl-migrate.dev~1control-queue", "fixed", "put {pod} or {hostname} into it"},
      {"/spec/hostNetwork", true, "hostNetwork"},
      {"/spec/volumes", Json::parse(R"([{"name": "data", "persistentVolumeClaim": {"claimName": "c"}}])"),
       "keeps data in volume data (persistentVolumeClaim)"},
  };
  for (const Row& row : rows) {
    Trial trial;
    Json pod = Trial::pod();
    pod[Json::json_pointer{row.pointer}] = row.value;
    trial.scene.cluster.put(kube::pod("shop", "orders"), pod);
    BOOST_TEST_CONTEXT(row.says) {
      BOOST_TEST(trial.run() == 3);
      check_says(trial.scene.err.str(), row.says);
      BOOST_TEST(trial.scene.cluster.written.empty());
      BOOST_TEST(trial.broker->calls().empty());
    }
  }
  Trial fed_by_name;
  broker::QueueFacts facts;
  facts.name = "orders";
  facts.type = "classic";
  facts.consumers = {{"app", "source:1", "10.0.0.1", 5}};
  fed_by_name.broker->add_queue(facts);
  BOOST_TEST(fed_by_name.run() == 1);
  check_says(fed_by_name.scene.out.str(), "FAIL queue orders can be mirrored\n    queue orders has no binding");

  Trial by_itself;
  by_itself.broker->cancel("orders", "app");
  by_itself.broker->consume("orders", {"app", "source:1", "10.0.0.1", 5, false});
  BOOST_TEST(by_itself.run() == 1);
  check_says(by_itself.scene.out.str(),
             "FAIL queue orders can be mirrored\n    queue orders has a consumer (app) that");
}

BOOST_AUTO_TEST_CASE(the_copy_is_nobodys_and_ends_by_itself) {
  Json pod = Trial::pod();
  pod["metadata"]["name"] = "orders";
  pod["metadata"]["ownerReferences"] = Json::array({{{"kind", "StatefulSet"}, {"name", "orders"}}});
  pod["metadata"]["annotations"]["kubectl-migrate.dev/restore"] = "uid";
  pod["spec"]["hostname"] = "o";
  pod["spec"]["runtimeClassName"] = "migrate";
  pod["spec"]["schedulerName"] = "migrate-scheduler";
  const auto copy = copy_of(pod, kCopy);
  BOOST_REQUIRE(copy);
  BOOST_TEST(copy->control_queue == kControl);
  const Json expected = Json::parse(R"({
    "apiVersion": "v1", "kind": "Pod",
    "metadata": {"name": "orders-check-bbbbb",
                 "labels": {"app.kubernetes.io/part-of": "kubectl-migrate", "app.kubernetes.io/name": "check-app"},
                 "annotations": {"kubectl-migrate.dev/queue": "orders",
                                 "kubectl-migrate.dev/broker-secret": "rabbitmq"}},
    "spec": {"restartPolicy": "Never", "activeDeadlineSeconds": 600,
             "containers": [{"name": "main", "image": "orders:1"}]}})");
  BOOST_TEST(copy->pod == expected);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
