// Archives by way of a registry: pushed by the source's agent, fetched or offered by the target's, deleted again.
#include <nlohmann/json.hpp>

#include "node/agent/archive_host_name.h"
#include "node/agent/pushes.h"
#include "node/agent/tree_tar.h"
#include "node/agent/untar.h"
#include "test/fakes/registry.h"
#include "test/unit/agent/hop.h"
#include "test/unit/agent/uts_image.h"
#include "test/unit/fake_server/certificates.h"

namespace migrate::agent {
namespace {

using Json = nlohmann::json;
using Kind = AgentError::Kind;
using test::FakeRegistry;
using test::read_text;

struct Between : Hop {
  FakeRegistry fake;
  ConnectRegistry connect = [this](const std::string& base, const std::string&) { return fake.connect(base); };
  Pushes pushes{{from.places, connect}, source, archives};

  Between() {
    TargetParts parts = node.target_parts([this](const std::string&, const std::string&) { return peer; });
    parts.connect_registry = connect;
    target = std::make_unique<Target>(std::move(parts));
    fake.auth = FakeRegistry::Auth::bearer;
  }
  [[nodiscard]] RegistryAccess access() const { return {fake.repository(), "pusher", "secret", ""}; }
  AgentResult<std::vector<PushedImage>> push(bool as_image = false, const std::string& host_name = "o") {
    return pushes.push(order(), {access(), as_image, host_name}, call);
  }
  AgentResult<PullFacts> pull(bool as_image = false, const std::vector<PushedImage>& images = {}) {
    PullOrder pull{"node-a", "10.0.0.1:10960", made, as_image};
    pull.registry = access();
    pull.images = images;
    return target->pull(order(), pull, call);
  }
  [[nodiscard]] Archive archive(const std::string& name) const {
    return *std::find_if(made.begin(), made.end(), [&](const Archive& one) { return one.name == name; });
  }
};

BOOST_FIXTURE_TEST_SUITE(registries, Between)

BOOST_AUTO_TEST_CASE(archives_travel_and_are_restored_from) {
  const auto images = good(push());
  BOOST_REQUIRE(images.size() == 2U);
  BOOST_TEST(images.at(0).reference.starts_with(fake.repository() + "@sha256:"));
  BOOST_TEST(image::sha256_of(fake.blobs.at(archive("main").digest)) == archive("main").digest);
  BOOST_TEST(fake.blobs.contains(archive("volume/scratch").digest));
  BOOST_TEST(fake.manifests.size() == 2U);
  prepare();
  good(pull());
  BOOST_TEST(wire.reads == 0);
  good(release());
  BOOST_TEST((read_text(folder() / "archive/checkpoint/pages-1.img") == from.runtime.memory));
  BOOST_TEST(read_text(node.places.empty_dir("pod-2", "scratch") / "note") == "kept");
}

BOOST_AUTO_TEST_CASE(a_manifest_says_what_a_runtime_has_to_know) {
  const auto images = good(push(true));
  BOOST_REQUIRE(images.size() == 1U);  // no volumes
  const Json manifest = Json::parse(fake.manifests.begin()->second);
  BOOST_TEST(manifest["annotations"]["org.criu.checkpoint.container.name"] == "main");
  BOOST_TEST(manifest["config"]["digest"] == images.at(0).id);
  BOOST_TEST(fake.blobs.contains(images.at(0).id));
  BOOST_TEST(manifest["layers"][0]["size"] == images.at(0).size.count);
}

BOOST_AUTO_TEST_CASE(an_order_given_again_sends_nothing_again) {
  for (const bool as_image : {false, true}) {
    const auto first = good(push(as_image));
    const int uploads = fake.count("POST");
    const auto again = good(push(as_image));
    BOOST_TEST(fake.count("POST") == uploads);
    BOOST_TEST(again.at(0).reference == first.at(0).reference);
    BOOST_TEST(again.at(0).size.count == first.at(0).size.count);
  }
}

BOOST_AUTO_TEST_CASE(a_cut_connection_is_tried_again_and_refusal_is_not) {
  fake.cut["PUT"] = 1;
  good(push());
  fake.password = "changed";
  fake.user = "changed";
  fails(push(), Kind::refused, "--registry-secret");
  fails(pushes.check(access(), call), Kind::refused, "asked as user pusher");
  RegistryAccess nobody = access();
  nobody.user.clear();
  fails(pushes.check(nobody, call), Kind::refused, "without credentials");
}

BOOST_AUTO_TEST_CASE(what_was_altered_in_the_registry_is_not_restored) {
  good(push());
  fake.blobs[archive("main").digest].back() ^= 1;
  prepare();
  fails(pull(), Kind::failed, "altered");
  fake.blobs.clear();
  fails(pull(), Kind::failed, "404");
}

BOOST_AUTO_TEST_CASE(an_image_outside_may_be_restored_from_as_soon_as_it_is_offered) {
  const auto images = good(push(true));
  const auto pulled = good(pull(true, images));
  BOOST_REQUIRE(pulled.offer.has_value());
  BOOST_TEST(pulled.offer->password == "");
  fake.manifests.clear();
  BOOST_TEST(good(pull(true)).offer.value().images.at(0).reference == images.at(0).reference);
  (void)good(push(true));
  BOOST_TEST(pulled.offer->images.at(0).reference == images.at(0).reference);
  BOOST_TEST(wire.reads == 0);
  good(target->prepare(order(), {pod("pod-2"), {"main"}, 1ms, true}));
  BOOST_TEST((state() == RestoreState::waiting));
  node.run("c9", "main", "pod-2");
  BOOST_TEST((state() == RestoreState::used));
  BOOST_TEST(node.runtime.asked.back() == "make_cold c9 " + images.at(0).reference);
  fails(pull(true), Kind::precondition, "no images of shop/orders are offered here");
  // By a person's word once more: the name has to lead to the checkpoint again.
  good(pull(true, images));
  BOOST_TEST(node.runtime.asked.back() == "forget_image " + images.at(0).reference);
  BOOST_TEST((state() == RestoreState::used));
  BOOST_TEST(!good(target->cancel(order(), pod("pod-2"), call)));
}

BOOST_AUTO_TEST_CASE(an_image_that_the_target_s_node_cannot_see_is_not_offered) {
  const auto images = good(push(true));
  fake.manifests.clear();
  fails(pull(true, images), Kind::failed, "404");
  fails(pull(true, {{"main", "elsewhere/cp@sha256:00", "sha256:00", 1_MiB}}), Kind::precondition, "elsewhere/cp");
}

BOOST_AUTO_TEST_CASE(what_was_pushed_is_deleted_or_told_once) {
  good(push(true));
  BOOST_TEST(good(pushes.withdraw(order(), access(), call)).empty());
  BOOST_TEST(fake.manifests.empty());
  BOOST_TEST(fake.blobs.empty());
  const auto images = good(push(true));
  fake.deletes = false;
  const auto left = good(pushes.withdraw(order(), access(), call));
  BOOST_REQUIRE(left.size() == 1U);
  BOOST_TEST(left.at(0).find(images.at(0).reference + " is left") == 0U, left.at(0));
  BOOST_TEST(left.at(0).find("405") != std::string::npos, left.at(0));
  BOOST_TEST(good(pushes.withdraw(order(), access(), call)).empty());
}

// A layer holds memory whatever becomes of what is to be pushed behind it.
BOOST_AUTO_TEST_CASE(what_was_pushed_in_part_is_deleted_as_well) {
  fake.most_blobs = 1;
  fails(push(), Kind::failed, "413");
  BOOST_TEST(!fake.blobs.empty());
  (void)pushes.withdraw(order(), access(), call);
  BOOST_TEST(fake.blobs.empty());
}

BOOST_AUTO_TEST_CASE(a_registry_that_is_busy_is_asked_again) {
  fake.busy["PUT"] = 1;
  good(push());
}

BOOST_AUTO_TEST_CASE(credentials_are_not_written_down) {
  good(push());
  good(pull());
  for (const Node* one : {&from, &node})
    for (const auto& entry : std::filesystem::recursive_directory_iterator(one->places.state))
      if (entry.is_regular_file())
        BOOST_TEST(read_text(entry.path()).find("secret") == std::string::npos, entry.path().string());
}

BOOST_AUTO_TEST_CASE(who_is_trusted_is_what_the_node_and_the_secret_say) {
  const test::Authority ours{"ours"};
  const test::Pem pem = ours.server({"IP:127.0.0.1"});
  FakeRegistry secure{http::ServerCertificate{pem.certificate, pem.key}};
  const test::TemporaryFolder root;
  Pushes its{{from.places, registries_trusted_by(root.path())}, source, archives};
  RegistryAccess with{secure.repository(), "pusher", "secret", ""};
  fails(its.check(with, call), Kind::refused, "certs.d/" + secure.host());
  with.ca_pem = ours.pem();
  good(its.check(with, call));
  with.ca_pem.clear();
  test::write_text(root / ("etc/containerd/certs.d/" + secure.host() + "/ca.crt"), ours.pem());
  good(its.check(with, call));
  std::filesystem::remove_all(root / "etc");
  test::write_text(root / "etc/ssl/certs/ca-certificates.crt", ours.pem());
  good(its.check(with, call));
}

BOOST_AUTO_TEST_CASE(a_tar_that_streams_by_gets_the_name_that_one_on_the_disk_gets) {
  const test::TemporaryFolder folder;
  test::write_text(folder / "in/checkpoint/pages-1.img", std::string(70'000, 'p'));
  test::write_text(folder / "in/checkpoint/utsns-12.img", uts_image("orders"));
  const auto tar = folder / "a.tar";
  image::FileWriter file{tar.string()};
  good(write_tree(folder / "in", Whiteouts::none, [&](std::span<const char> piece) { return file.write(piece); }));
  good(file.finish());
  const std::string before = read_text(tar);
  BOOST_REQUIRE(set_host_name(tar, "orders-mig-abcde").value());
  const std::string wanted = read_text(tar);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{511}, std::size_t{512}, std::size_t{100'000}}) {
    std::string out;
    HostNameFilter filter{"orders-mig-abcde", [&](std::span<const char> bytes) {
                            out.append(bytes.data(), bytes.size());
                            return true;
                          }};
    for (std::size_t at = 0; at < before.size(); at += piece)
      BOOST_REQUIRE(filter.feed({before.data() + at, std::min(piece, before.size() - at)}));
    good(filter.finish());
    BOOST_TEST((out == wanted), "in pieces of " << piece);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace migrate::agent
