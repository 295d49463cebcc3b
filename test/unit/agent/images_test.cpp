// Archives as images: what the registry gives away and to whom, and what becomes of a container restored from one.
#include <nlohmann/json.hpp>

#include "node/agent/archive_host_name.h"
#include "node/agent/tree_tar.h"
#include "node/agent/untar.h"
#include "node/runtime/host_name.h"
#include "shared/base/base64.h"
#include "shared/image/digest.h"
#include "test/unit/agent/hop.h"
#include "test/unit/agent/uts_image.h"

namespace migrate::agent {
namespace {

using Json = nlohmann::json;
using Kind = AgentError::Kind;
using test::read_text;

struct Images : Hop {
  ImageOffer offer;

  AgentResult<PullFacts> pull_images(const std::string& host_name = "o") {
    return target->pull(order(), {"node-a", "10.0.0.1:10960", made, true, host_name}, call);
  }
  void open() { offer = good(pull_images()).offer.value(); }
  void expect(const std::string& uid = "pod-2") { good(target->prepare(order(), {pod(uid), {"main"}, 1ms, true})); }
  [[nodiscard]] std::string path(const std::string& kind, const std::string& digest) const {
    return "/v2/" + offer.repository.substr(offer.repository.find('/') + 1) + "/" + kind + "/" + digest;
  }
  [[nodiscard]] std::string manifest_digest() const {
    return offer.images.at(0).reference.substr(offer.images.at(0).reference.find('@') + 1);
  }
  http::Response ask(const std::string& target_, const std::string& password, const std::string& method = "GET") {
    http::Request request{method, target_, ""};
    if (!password.empty()) request.headers = {{"authorization", "Basic " + to_base64(offer.user + ":" + password)}};
    return target->answer(request);
  }
  // As a container runtime does. The layer's bytes.
  std::string pull_all() {
    const auto manifest = ask(path("manifests", manifest_digest()), offer.password);
    BOOST_REQUIRE(manifest.status == 200U);
    BOOST_TEST(image::sha256_of(manifest.body) == manifest_digest());
    const Json json = Json::parse(manifest.body);
    const auto config = ask(path("blobs", json["config"]["digest"].get<std::string>()), offer.password);
    BOOST_TEST(image::sha256_of(config.body) == json["config"]["digest"]);
    const auto layer = ask(path("blobs", json["layers"][0]["digest"].get<std::string>()), offer.password);
    BOOST_REQUIRE(layer.file.has_value());
    std::string bytes = read_text(layer.file->path);
    BOOST_TEST(image::sha256_of(bytes) == json["layers"][0]["digest"]);
    BOOST_TEST(bytes.size() == json["layers"][0]["size"]);
    layer.file->sent();
    return bytes;
  }
};

BOOST_FIXTURE_TEST_SUITE(images, Images)

BOOST_AUTO_TEST_CASE(an_archive_is_an_image_of_one_layer_with_its_bytes) {
  open();
  BOOST_TEST(offer.images.at(0).container == "main");
  BOOST_TEST(offer.repository.size() == std::string("127.0.0.1:10962/").size() + 32);
  const auto archive = std::find_if(made.begin(), made.end(), [](const Archive& one) { return one.name == "main"; });
  BOOST_TEST(image::sha256_of(pull_all()) == archive->digest);
}

BOOST_AUTO_TEST_CASE(nobody_else_gets_anything) {
  open();
  const std::string manifest = path("manifests", manifest_digest());
  for (const std::string& password : {std::string{}, std::string("guess"), offer.password + "x"}) {
    const auto refused = ask(manifest, password);
    BOOST_TEST(refused.status == 401U);
    BOOST_TEST(refused.headers.at(0).first == "WWW-Authenticate");
    BOOST_TEST(ask("/v2/", password).status == 401U);
    BOOST_TEST(ask("/v2/other/manifests/latest", password).status == 401U);
  }
  BOOST_TEST(ask("/v2/", offer.password).status == 200U);
  BOOST_TEST(ask("/v2/" + std::string(32, '0') + "/manifests/" + manifest_digest(), offer.password).status == 401U);
  BOOST_TEST(ask(path("manifests", "latest"), offer.password).status == 404U);
  BOOST_TEST(ask(path("blobs", manifest_digest()), offer.password).status == 404U);
  BOOST_TEST(ask(path("tags", "list"), offer.password).status == 404U);
  BOOST_TEST(ask(manifest, offer.password, "PUT").status == 405U);
}

BOOST_AUTO_TEST_CASE(it_is_given_away_once) {
  open();
  pull_all();
  BOOST_TEST(ask(path("manifests", manifest_digest()), offer.password).status == 401U);
  // The same order opens it again, under the same name.
  const std::string before = offer.repository;
  open();
  BOOST_TEST(offer.repository == before);
  BOOST_TEST(ask(path("manifests", manifest_digest()), offer.password).status == 200U);
}

BOOST_AUTO_TEST_CASE(another_agent_process_goes_on_offering) {
  open();
  restart();
  pull_all();
  BOOST_TEST(wire.reads == 2);
  open();
  BOOST_TEST(wire.reads == 2);
}

BOOST_AUTO_TEST_CASE(a_restored_container_is_used_once_its_image_is_cold) {
  open();
  expect();
  BOOST_TEST((state() == RestoreState::prepared));
  pull_all();
  BOOST_TEST((state() == RestoreState::waiting));
  node.run("c9", "main", "pod-2");
  const std::string cold = "make_cold c9 " + offer.images.at(0).reference;
  node.runtime.fails[cold] = "containerd is down";
  BOOST_TEST((state() == RestoreState::claimed));
  node.runtime.fails.clear();
  BOOST_TEST((state() == RestoreState::used));
  const auto asked = std::count(node.runtime.asked.begin(), node.runtime.asked.end(), cold);
  restart();
  BOOST_TEST((state() == RestoreState::used));
  BOOST_TEST(std::count(node.runtime.asked.begin(), node.runtime.asked.end(), cold) == asked);
}

BOOST_AUTO_TEST_CASE(it_becomes_cold_also_when_nobody_asks) {
  open();
  expect();
  pull_all();
  node.run("c9", "main", "pod-2");
  target->tend();
  const std::string cold = "make_cold c9 " + offer.images.at(0).reference;
  BOOST_TEST(std::count(node.runtime.asked.begin(), node.runtime.asked.end(), cold) == 1);
}

BOOST_AUTO_TEST_CASE(what_nobody_asked_for_never_ran) {
  open();
  expect();
  BOOST_TEST(ask(path("manifests", manifest_digest()), offer.password).status == 200U);
  BOOST_TEST(good(target->cancel(order(), pod("pod-2"), call)));
  BOOST_TEST(ask(path("manifests", manifest_digest()), offer.password).status == 401U);
  const ImageOffer before = offer;
  open();  // for another attempt, which the earlier one's credentials are not good for
  BOOST_TEST(offer.repository != before.repository);
  BOOST_TEST(offer.password != before.password);
  expect("pod-3");
  pull_all();
}

BOOST_AUTO_TEST_CASE(what_was_asked_for_may_have_run) {
  open();
  expect();
  pull_all();
  BOOST_TEST(!good(target->cancel(order(), pod("pod-2"), call)));
  BOOST_TEST(!good(target->cancel(order(), pod("pod-2"), call)));
  restart();
  BOOST_TEST(!good(target->cancel(order(), pod("pod-2"), call)));
}

BOOST_AUTO_TEST_CASE(nothing_is_left_of_it) {
  open();
  expect();
  good(target->clean_up(order()));
  BOOST_TEST(ask(path("manifests", manifest_digest()), offer.password).status == 401U);
  BOOST_TEST(!test::is_there(node.places.target("m-1")));
  BOOST_TEST(node.runtime.asked.back() == "forget_image " + offer.images.at(0).reference);
  fails(target->prepare(order(), {pod("pod-4"), {"main"}, 1ms, true}), Kind::precondition, "as an image");
}

BOOST_AUTO_TEST_CASE(a_shadow_sees_its_own_name) {
  const test::TemporaryFolder folder;
  test::write_text(folder / "in/checkpoint/pages-1.img", std::string(70'000, 'p'));
  test::write_text(folder / "in/checkpoint/utsns-12.img", uts_image("orders"));
  const auto tar = folder / "a.tar";
  {
    image::FileWriter file{tar.string()};
    good(write_tree(folder / "in", Whiteouts::none, [&](std::span<const char> piece) { return file.write(piece); }));
    good(file.finish());
  }
  const auto size = std::filesystem::file_size(tar);
  const auto changed = set_host_name(tar, "orders-mig-abcde");
  BOOST_REQUIRE_MESSAGE(changed, (changed ? "" : changed.error().message));
  BOOST_TEST(*changed);
  BOOST_TEST(std::filesystem::file_size(tar) == size);
  BOOST_TEST(!set_host_name(tar, "orders-mig-abcde").value());
  std::filesystem::create_directories(folder / "out");
  Untar untar{folder / "out"};
  BOOST_TEST(untar.feed(read_text(tar)));
  good(untar.finish());
  BOOST_TEST((read_text(folder / "out/checkpoint/utsns-12.img") == uts_image("orders-mig-abcde")));
  BOOST_TEST((read_text(folder / "out/checkpoint/pages-1.img") == std::string(70'000, 'p')));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace migrate::agent
