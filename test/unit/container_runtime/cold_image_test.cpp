#include "node/container_runtime/cold_image.h"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "shared/image/digest.h"

namespace {

using namespace migrate::node;
using Json = nlohmann::json;

constexpr const char* kIndex =
    R"({"manifests": [{"digest": "sha256:arm", "platform": {"os": "linux", "architecture": "arm64"}},
                      {"digest": "sha256:amd", "platform": {"os": "linux", "architecture": "amd64"}}]})";
constexpr const char* kManifest =
    R"({"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {"mediaType": "c", "digest": "sha256:cc", "size": 5}, "layers": [{"digest": "sha256:ll"}]})";
constexpr const char* kConfig = R"({"config": {"Cmd": ["/orders"], "Labels": {"a": "b"}},
                                    "rootfs": {"diff_ids": ["sha256:dd"]}})";

BOOST_AUTO_TEST_SUITE(cold_image_)

BOOST_AUTO_TEST_CASE(of_an_index_the_manifest_for_this_node) {
  BOOST_TEST(manifest_for(kIndex, "amd64").value() == "sha256:amd");
  BOOST_TEST(manifest_for(kManifest, "amd64").value() == "");
  BOOST_TEST(!manifest_for(kIndex, "riscv64"));
  BOOST_TEST(!manifest_for("no json", "amd64"));
  BOOST_TEST(config_digest_of(kManifest).value() == "sha256:cc");
  BOOST_TEST(!config_digest_of("{}"));
}

BOOST_AUTO_TEST_CASE(only_its_config_s_digest_is_another) {
  const auto made = cold_image(kManifest, kConfig, "127.0.0.1:10962/abc@sha256:00");
  BOOST_REQUIRE(made);
  const Json manifest = Json::parse(made->manifest);
  const Json config = Json::parse(made->config);
  BOOST_TEST(made->config_digest == migrate::image::sha256_of(made->config));
  BOOST_TEST(made->manifest_digest == migrate::image::sha256_of(made->manifest));
  BOOST_TEST(made->media_type == "application/vnd.docker.distribution.manifest.v2+json");
  BOOST_TEST(manifest["config"]["digest"] == made->config_digest);
  BOOST_TEST(manifest["config"]["size"] == made->config.size());
  BOOST_TEST(manifest["layers"] == Json::parse(kManifest)["layers"]);
  BOOST_TEST(!manifest.contains("annotations"));
  BOOST_TEST(config["rootfs"] == Json::parse(kConfig)["rootfs"]);
  BOOST_TEST(config["config"]["Cmd"][0] == "/orders");
  BOOST_TEST(config["config"]["Labels"].size() == 2U);
  BOOST_TEST(cold_image(kManifest, kConfig, "127.0.0.1:10962/abc@sha256:00")->manifest == made->manifest);
  BOOST_TEST(cold_image(kManifest, kConfig, "127.0.0.1:10962/def@sha256:00")->config_digest != made->config_digest);
  BOOST_TEST(!cold_image("{}", kConfig, "x"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
