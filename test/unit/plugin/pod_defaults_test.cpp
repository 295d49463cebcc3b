// A Pod's annotations in the place of flags that are not typed.
#include "plugin/pod_defaults.h"

#include <boost/test/data/test_case.hpp>
#include <functional>
#include <map>
#include <ostream>

#include "plugin/migrate.h"
#include "test/unit/plugin/scene.h"

namespace migrate::plugin {
namespace {

namespace data = boost::unit_test::data;
using Annotations = std::map<std::string, std::string>;
using Words = std::vector<std::string>;

Json pod_with(const Annotations& annotations) {
  Json pod{{"metadata", {{"name", "orders"}, {"annotations", Json::object()}}}};
  for (const auto& [name, value] : annotations)
    pod["metadata"]["annotations"]["kubectl-migrate.dev/" + name] = value;
  return pod;
}

Outcome<Options> asked(const Words& words, const Json& pod) {
  const auto typed = parse(words);
  BOOST_REQUIRE_MESSAGE(typed, (typed ? "" : typed.error().message));
  return with_pod_defaults(*typed, pod);
}

struct Taken {
  Annotations annotations;
  Words words;  // behind the Pod's name
  std::function<bool(const MigrationSpec&)> is_so;
};
std::ostream& operator<<(std::ostream& out, const Taken& row) {
  for (const auto& [name, value] : row.annotations)
    out << name << "=" << value << " ";
  for (const std::string& word : row.words)
    out << word << " ";
  return out;
}

const Annotations kAll{{"cutoff", "1m"},
                       {"max-replay", "10s"},
                       {"restore-way", "image"},
                       {"registry", "r.example:5000/cp"},
                       {"registry-secret", "pull"}};

const std::vector<Taken> kTaken{
    {{}, {}, [](const MigrationSpec& s) { return !s.cutoff && s.max_replay == 30s && s.registry.empty(); }},
    {kAll,
     {},
     [](const MigrationSpec& s) {
       return s.cutoff == 60s && s.max_replay == 10s && s.restore == RestoreWay::image &&
              s.transfer == TransferWay::registry && s.registry == "r.example:5000/cp" && s.registry_secret == "pull";
     }},
    // A flag beats its annotation, and so does a default that was typed.
    {kAll,
     {"--cutoff=auto", "--max-replay=30s", "--restore=auto", "--transfer=direct"},
     [](const MigrationSpec& s) {
       return !s.cutoff && s.max_replay == 30s && s.restore == RestoreWay::automatic &&
              s.transfer == TransferWay::direct && s.registry.empty() && s.registry_secret.empty();
     }},
    {kAll,
     {"--registry=other/cp", "--registry-secret=mine"},
     [](const MigrationSpec& s) {
       return s.transfer == TransferWay::registry && s.registry == "other/cp" && s.registry_secret == "mine";
     }},
    {{{"registry", "r/cp"}}, {"--transfer=registry"}, [](const MigrationSpec& s) { return s.registry == "r/cp"; }},
    {{{"registry", "r/cp"}, {"transfer", "direct"}},
     {},
     [](const MigrationSpec& s) { return s.transfer == TransferWay::direct && s.registry.empty(); }},
    {{{"registry", "r/cp"}, {"transfer", "direct"}},
     {"--registry=other/cp"},
     [](const MigrationSpec& s) { return s.transfer == TransferWay::registry && s.registry == "other/cp"; }},
    {{{"transfer", "registry"}, {"registry", "r/cp"}},
     {},
     [](const MigrationSpec& s) { return s.transfer == TransferWay::registry && s.registry == "r/cp"; }},
    {{{"cutoff", "auto"}, {"restore-way", "runtime"}},
     {},
     [](const MigrationSpec& s) { return !s.cutoff && s.restore == RestoreWay::runtime; }},
    // That of a target Pod is no flag's.
    {{{"restore", "8d1f2c3e-uid"}}, {}, [](const MigrationSpec& s) { return s.restore == RestoreWay::automatic; }},
    // Nothing is replayed there.
    {kAll, {"--strategy=stop"}, [](const MigrationSpec& s) { return !s.cutoff && s.max_replay == 30s; }},
};

struct Wrong {
  Annotations annotations;
  Words words;
  int code;
  std::string says;
};
std::ostream& operator<<(std::ostream& out, const Wrong& row) {
  return out << row.says;
}

const std::vector<Wrong> kWrong{
    {{{"cutoff", "soon"}}, {}, 3, "Pod orders: annotation kubectl-migrate.dev/cutoff=soon: not a duration"},
    {{{"cutoff", "20m"}}, {}, 3, "annotation kubectl-migrate.dev/cutoff=20m: by then the migration is rolled back"},
    {{{"max-replay", "0s"}},
     {},
     3,
     "kubectl-migrate.dev/max-replay=0s: not a duration such as 20s or 1m30s\nCorrect it"},
    {{{"restore-way", "Image"}}, {}, 3, "kubectl-migrate.dev/restore-way=Image: not one of auto, runtime, image"},
    {{{"transfer", "nfs"}}, {}, 3, "kubectl-migrate.dev/transfer=nfs: not one of direct, registry"},
    {{{"transfer", "registry"}}, {}, 3, "needs the annotation kubectl-migrate.dev/registry or --registry"},
    {{{"registry", "https://r/cp"}}, {}, 3, "kubectl-migrate.dev/registry=https://r/cp: not a repository"},
    {{{"registry", "r/cp"}, {"registry-secret", "A"}}, {}, 3, "kubectl-migrate.dev/registry-secret=A: not a name"},
    {{}, {"--transfer=registry"}, 2, "--transfer=registry needs --registry HOST[:PORT]/PATH"},
    {{{"registry", "r/cp"}}, {"--transfer=direct", "--registry-secret=x"}, 2, "--registry-secret needs --registry"},
};

Words all_words(const Words& more) {
  Words words{"orders"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pod_defaults)

BOOST_DATA_TEST_CASE(an_annotation_stands_for_a_flag_that_is_not_typed, data::make(kTaken), row) {
  const auto options = asked(all_words(row.words), pod_with(row.annotations));
  BOOST_REQUIRE_MESSAGE(options, (options ? "" : options.error().message));
  BOOST_TEST(row.is_so(asked_for(*options, "shop", "uid", "mine").spec));
}

BOOST_DATA_TEST_CASE(one_that_says_nothing_usable_is_refused, data::make(kWrong), row) {
  const auto options = asked(all_words(row.words), pod_with(row.annotations));
  BOOST_REQUIRE(!options);
  BOOST_TEST(options.error().code == row.code);
  check_says(options.error().message, row.says);
}

BOOST_AUTO_TEST_CASE(they_reach_the_migration_that_is_made) {
  Scene scene;
  const Json* running = scene.cluster.find(kube::pod("shop", "orders"));
  BOOST_REQUIRE(running != nullptr);
  Json pod = *running;
  pod["metadata"]["annotations"] = {{"kubectl-migrate.dev/cutoff", "1m"}};
  scene.cluster.put(kube::pod("shop", "orders"), pod);
  BOOST_TEST(scene.run({"orders", "--no-wait", "--name=mine"}) == 0, scene.err.str());
  const Json* made = scene.cluster.find(migrations("shop", "mine"));
  BOOST_REQUIRE(made != nullptr);
  BOOST_TEST(made->at("spec").at("messages").at("cutoff") == "1m");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
