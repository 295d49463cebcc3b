#include "node/container_runtime/checkpoint.h"

#include <boost/test/unit_test.hpp>
#include <deque>

#include "node/container_runtime/documents.h"
#include "test/temporary_folder.h"

namespace {

using namespace migrate::node;
using migrate::Result;
using migrate::test::TemporaryFolder;
using migrate::test::write_text;

struct Fixture {
  Fixture() {
    std::filesystem::create_directory(folder / "images");
    std::filesystem::create_directory(folder / "work");
  }
  Result<void> run() {
    return checkpoint_paused("c1", folder / "images", folder / "work",
                             {[this] {
                                Result<bool> answer = paused.front();
                                if (paused.size() > 1) paused.pop_front();
                                return answer;
                              },
                              [this]() -> Result<void> {
                                ++pauses;
                                return pause_answer;
                              },
                              [this]() -> Result<void> {
                                ++dumps;
                                if (!criu_log.empty()) write_text(folder / "work" / "dump.log", criu_log);
                                return dump_answer;
                              }});
  }
  std::string message() {
    const auto done = run();
    return done ? "" : done.error().message;
  }

  TemporaryFolder folder;
  std::deque<Result<bool>> paused{true};  // the last one answers for good
  Result<void> pause_answer;
  Result<void> dump_answer;
  std::string criu_log;
  int pauses = 0;
  int dumps = 0;
};

BOOST_FIXTURE_TEST_SUITE(checkpoint, Fixture)

BOOST_AUTO_TEST_CASE(a_paused_container_is_dumped_and_stays_so) {
  BOOST_TEST(message() == "");
  BOOST_TEST(dumps == 1);
  BOOST_TEST(pauses == 0);
}

BOOST_AUTO_TEST_CASE(a_running_container_is_not_dumped) {
  paused = {false};
  BOOST_TEST(message() == "checkpoint container c1: it is not paused: pause it first");
  BOOST_TEST(dumps == 0);
}

BOOST_AUTO_TEST_CASE(nor_one_whose_state_is_not_known) {
  paused = {migrate::failure("its process is gone")};
  BOOST_TEST(message() == "checkpoint container c1: its process is gone");
  BOOST_TEST(dumps == 0);
}

BOOST_AUTO_TEST_CASE(nor_into_nowhere) {
  std::filesystem::remove_all(folder / "work");
  BOOST_TEST(message() == "checkpoint container c1: there is no folder " + (folder / "work").string());
  BOOST_TEST(dumps == 0);
}

BOOST_AUTO_TEST_CASE(criu_s_reason_reaches_the_caller) {
  dump_answer = migrate::failure("let CRIU dump it: containerd answered: criu failed: type NOTIFY errno 0");
  criu_log = "(00.1) Error (criu/sk-inet.c:191): inet: Connected TCP socket\n(00.2) unfreezing\n";
  BOOST_TEST(message() ==
             "checkpoint container c1: let CRIU dump it: containerd answered: criu failed: type NOTIFY errno 0; "
             "CRIU's log " +
                 (folder / "work" / "dump.log").string() +
                 " says: (00.1) Error (criu/sk-inet.c:191): inet: Connected TCP socket");
}

BOOST_AUTO_TEST_CASE(an_earlier_log_is_not_this_one_s_reason) {
  write_text(folder / "work" / "dump.log", "Error (old): reason\n");
  dump_answer = migrate::failure("no criu");
  BOOST_TEST(message() == "checkpoint container c1: no criu");
}

BOOST_AUTO_TEST_CASE(one_that_ran_meanwhile_is_paused_again_and_worthless) {
  paused = {true, false};
  BOOST_TEST(message() ==
             "checkpoint container c1: it runs after the checkpoint; it is paused again. What was written must be "
             "thrown away");
  BOOST_TEST(pauses == 1);
}

BOOST_AUTO_TEST_CASE(everything_that_went_wrong_is_said) {
  paused = {true, false};
  dump_answer = migrate::failure("no criu");
  pause_answer = migrate::failure("no such task");
  BOOST_TEST(message() ==
             "checkpoint container c1: no criu. Besides: it runs after the checkpoint; pausing it again failed: no "
             "such task. What was written must be thrown away");
}

BOOST_AUTO_TEST_CASE(documents_are_those_of_a_kubelet_s_checkpoint) {
  ContainerStatus status;
  status.id = "c1";
  status.name = "app";
  status.attempt = 2;
  status.created = std::chrono::seconds{1'700'000'000};
  status.image = "registry.test/orders:1";
  status.image_ref = "registry.test/orders@sha256:ab";
  status.labels = {
      {"io.kubernetes.pod.name", "orders-0"}, {"io.kubernetes.pod.namespace", "shop"}, {"io.kubernetes.pod.uid", "u1"}};
  const auto documents = documents_of(status, "{\"ociVersion\":\"1.2\"}", "io.containerd.runc.v2",
                                      migrate::Instant{std::chrono::seconds{1'700'000'060}});
  BOOST_TEST(documents.spec == "{\"ociVersion\":\"1.2\"}");
  BOOST_TEST(documents.config ==
             R"({"checkpointedTime":"2023-11-14T22:14:20.000000Z","createdTime":"2023-11-14T22:13:20.000000Z",)"
             R"("id":"c1","name":"app_orders-0_shop_u1_2","restored":false,"restoredTime":"0001-01-01T00:00:00Z",)"
             R"("rootfsImage":"registry.test/orders:1","rootfsImageName":"registry.test/orders:1",)"
             R"("rootfsImageRef":"registry.test/orders@sha256:ab","runtime":"io.containerd.runc.v2"})");
  BOOST_TEST(documents.status.find(R"("metadata":{"attempt":2,"name":"app"})") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
