// Every way there is through a migration, one after the other by one consumer under load, and ten live moves in a row:
// one audit at the end of each says whether anything was lost, repeated or reordered on all of it.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include "shared/migration/migration.h"
#include "test/e2e/queues_left.h"
#include "test/e2e/registry_side.h"

using namespace harness;
using Json = nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr int kPrefetch = 5;

ConsumerSpec consumer() {
  ConsumerSpec spec = Scene::consumer_on("node-a");
  spec.service_ms = 50;
  spec.prefetch = kPrefetch;
  return spec;
}

const ProducerSpec kLoad{.per_second = 5, .producers = 2, .count = 0};

migrate::Migration move(Scene& scene, Words words, const std::string& strategy) {
  words.insert(words.end(), {"--to", scene.other_node(), "--strategy", strategy});
  const std::uint64_t before = scene.repeats();
  const auto moved = scene.move(words);
  const Json& status = moved.migration.at("status");
  BOOST_TEST_MESSAGE(
      fmt::format("{}: gap {} ms, snapshot {} ms, freeze {} ms, {} bytes", fmt::join(words, " "),
                  status.at("gapMs").dump(), status.at("checkpoint").value("snapshotFreezeMs", Json{}).dump(),
                  status.at("checkpoint").at("freezeMs").dump(), status.at("checkpoint").at("bytes").dump()));
  if (strategy != "stop") BOOST_TEST(status.at("messages").value("lost", -1) == 0);
  scene.stage().check_nothing_left(moved.migration.at("metadata").at("name").get<std::string>());
  // Those stand at the queue's head.
  scene.wait_for_more(20);
  BOOST_TEST(scene.repeats() - before <= repeats_allowed(moved.migration, kPrefetch),
             fmt::format("{}", fmt::join(words, " ")));
  const auto parsed = migrate::parse_migration(moved.migration);
  BOOST_REQUIRE_MESSAGE(parsed, (parsed ? "" : parsed.error().message));
  return *parsed;
}

std::string image_of(const Scene& scene) {
  return scene.stage().pod(scene.consumer()).at("spec").at("containers").at(0).at("image").get<std::string>();
}

// In the place of flags; a copy of the Pod has them, too.
void annotate(const Scene& scene, const std::vector<std::pair<std::string, std::string>>& annotations) {
  Words words{"-n", scene.stage().ns().name(), "annotate", "pod", scene.consumer()};
  for (const auto& [name, value] : annotations)
    words.push_back(fmt::format("kubectl-migrate.dev/{}={}", name, value));
  scene.cluster().kubectl(words);
}

void judge(Scene& scene) {
  check_no_queues_left(scene.stage());
  const Verdict verdict = scene.judge();
  BOOST_TEST_MESSAGE(verdict.report);
  BOOST_TEST(verdict.clean, verdict.report);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(every_way)

BOOST_AUTO_TEST_CASE(by_each_strategy_each_restore_and_each_backend) {
  Scene scene{"every-way"};
  scene.start(consumer(), kLoad);
  for (const char* strategy : {"stop", "live", "sequential"})
    for (const char* restore : {"runtime", "image"})
      for (const char* backend : {"direct", "kubelet"})
        move(scene, {"--restore", restore, "--checkpoint", backend}, strategy);
  // Under its own name: the target is made when that is free, and a shadow comes into it by a second move.
  const std::string name = scene.consumer();
  for (const char* strategy : {"stop", "live", "sequential"})
    for (const char* restore : {"runtime", "image"}) {
      move(scene, {"--restore", restore, "--keep-name"}, strategy);
      BOOST_TEST(scene.consumer() == name);
    }
  judge(scene);
}

BOOST_AUTO_TEST_CASE(by_each_strategy_and_each_restore_through_a_registry) {
  Scene scene{"every-way-registry"};
  make_registry_secret(scene);
  scene.start(consumer(), kLoad);
  for (const char* strategy : {"stop", "live", "sequential"})
    for (const char* restore : {"runtime", "image"})
      move(scene, through_registry({"--restore", restore}), strategy);
  // What was typed until here, said by the Pod.
  annotate(scene, {{"restore-way", "image"},
                   {"transfer", "registry"},
                   {"registry", kRepository},
                   {"registry-secret", kRegistrySecret},
                   {"cutoff", "25s"},
                   {"max-replay", "20s"}});
  const migrate::Migration by_annotations = move(scene, {}, "live");
  // Its node has pulled that, which takes the Secret's credentials.
  BOOST_TEST(image_of(scene).starts_with(std::string(kRepository) + "@sha256:"), image_of(scene));
  BOOST_TEST((by_annotations.spec.max_replay == 20s));
  BOOST_REQUIRE(by_annotations.status.messages.has_value());
  BOOST_TEST(by_annotations.status.messages->queue == scene.orders().queue());
  BOOST_TEST((by_annotations.status.messages->cutoff_planned == 25s));
  // Flags beat those that they are of, and leave the others.
  const migrate::Migration by_flags =
      move(scene, {"--restore", "runtime", "--transfer", "direct", "--cutoff", "auto"}, "live");
  BOOST_TEST(scene.stage().pod(scene.consumer()).at("spec").value("runtimeClassName", "") == "migrate");
  BOOST_TEST(image_of(scene).find(kRepository) == std::string::npos, image_of(scene));
  BOOST_TEST((by_flags.spec.transfer == migrate::TransferWay::direct));
  BOOST_TEST((by_flags.spec.max_replay == 20s));
  BOOST_REQUIRE(by_flags.status.messages.has_value());
  BOOST_TEST((by_flags.status.messages->cutoff_planned != 25s));
  judge(scene);
}

BOOST_AUTO_TEST_CASE(ten_live_moves_in_a_row) {
  Scene scene{"ten-live-moves"};
  scene.start(consumer(), kLoad);
  for (int i = 0; i < 10; ++i)
    move(scene, {}, "live");
  judge(scene);
}

BOOST_AUTO_TEST_SUITE_END()
