// A checkpoint's image becomes the real one, against a content store and images in memory.
#include "node/container_runtime/containerd_images.h"

#include <grpcpp/grpcpp.h>
#include <sys/utsname.h>

#include <boost/test/unit_test.hpp>
#include <map>
#include <nlohmann/json.hpp>

#include "node/container_runtime/protocol/containerd_content.grpc.pb.h"
#include "node/container_runtime/protocol/containerd_images.grpc.pb.h"
#include "shared/image/digest.h"
#include "test/temporary_folder.h"

namespace {

namespace content_v1 = ::containerd::services::content::v1;
namespace images_v1 = ::containerd::services::images::v1;
using namespace migrate::node;
using Json = nlohmann::json;
using grpc::ServerContext;
using grpc::Status;
using migrate::image::sha256_of;

Status not_found() {
  return {grpc::StatusCode::NOT_FOUND, "not found"};
}

struct Blob {
  std::string text;
  std::map<std::string, std::string> labels;
};

class Content final : public content_v1::Content::Service {
 public:
  std::map<std::string, Blob> blobs;

  Status Info(ServerContext*, const content_v1::InfoRequest* in, content_v1::InfoResponse* out) override {
    const auto found = blobs.find(in->digest());
    if (found == blobs.end()) return not_found();
    out->mutable_info()->mutable_labels()->insert(found->second.labels.begin(), found->second.labels.end());
    return Status::OK;
  }
  Status Read(ServerContext*, const content_v1::ReadContentRequest* in,
              grpc::ServerWriter<content_v1::ReadContentResponse>* out) override {
    const auto found = blobs.find(in->digest());
    if (found == blobs.end()) return not_found();
    content_v1::ReadContentResponse piece;
    for (std::size_t at = 0; at < found->second.text.size(); at += 10) {
      piece.set_data(found->second.text.substr(at, 10));
      out->Write(piece);
    }
    return Status::OK;
  }
  Status Write(
      ServerContext*,
      grpc::ServerReaderWriter<content_v1::WriteContentResponse, content_v1::WriteContentRequest>* stream) override {
    content_v1::WriteContentRequest in;
    if (!stream->Read(&in) || in.ref().empty()) return {grpc::StatusCode::INVALID_ARGUMENT, "first message"};
    if (blobs.contains(in.expected())) return {grpc::StatusCode::ALREADY_EXISTS, "there"};
    if (in.action() != content_v1::COMMIT || sha256_of(in.data()) != in.expected())
      return {grpc::StatusCode::FAILED_PRECONDITION, "unexpected digest"};
    blobs[in.expected()] = {in.data(), {in.labels().begin(), in.labels().end()}};
    return Status::OK;
  }
};

class Names final : public images_v1::Images::Service {
 public:
  std::map<std::string, images_v1::Image> images;

  Status Get(ServerContext*, const images_v1::GetImageRequest* in, images_v1::GetImageResponse* out) override {
    const auto found = images.find(in->name());
    if (found == images.end()) return not_found();
    *out->mutable_image() = found->second;
    return Status::OK;
  }
  Status Create(ServerContext*, const images_v1::CreateImageRequest* in, images_v1::CreateImageResponse*) override {
    if (images.contains(in->image().name())) return {grpc::StatusCode::ALREADY_EXISTS, "there"};
    images[in->image().name()] = in->image();
    return Status::OK;
  }
  Status Update(ServerContext*, const images_v1::UpdateImageRequest* in, images_v1::UpdateImageResponse*) override {
    const auto found = images.find(in->image().name());
    if (found == images.end()) return not_found();
    if (in->update_mask().paths_size() != 1 || in->update_mask().paths(0) != "target")
      return {grpc::StatusCode::INVALID_ARGUMENT, "only the target"};
    *found->second.mutable_target() = in->image().target();
    return Status::OK;
  }
  Status Delete(ServerContext*, const images_v1::DeleteImageRequest* in, google::protobuf::Empty*) override {
    return images.erase(in->name()) == 0 ? not_found() : Status::OK;
  }
};

struct Fixture {
  migrate::test::TemporaryFolder folder;
  Content content;
  Names names;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<ContainerdImages> images;
  const std::string base = "registry.test/orders@sha256:ab";
  const CheckpointImageNames checkpoint{"127.0.0.1:10962/abc@sha256:00", "sha256:11"};
  std::string config_digest;

  Fixture() {
    grpc::ServerBuilder builder;
    const std::string address = "unix:" + (folder / "s").string();
    builder.AddListeningPort(address, grpc::InsecureServerCredentials());
    builder.RegisterService(&content);
    builder.RegisterService(&names);
    server = builder.BuildAndStart();
    BOOST_REQUIRE(server);
    images = std::make_unique<ContainerdImages>(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
    name(checkpoint.reference, "sha256:checkpoint");
    name(checkpoint.id, "sha256:checkpoint");
    utsname system{};
    ::uname(&system);
    const std::string machine = system.machine;
    const std::string config = R"({"config": {"Cmd": ["/orders"]}, "rootfs": {"diff_ids": ["sha256:dd"]}})";
    config_digest = put(config, {{"containerd.io/gc.ref.snapshot.overlayfs", "sha256:dd"}});
    const Json manifest{{"config", {{"digest", config_digest}, {"size", config.size()}}}, {"layers", Json::array()}};
    const std::string digest = put(manifest.dump(), {{"containerd.io/gc.ref.content.config", config_digest},
                                                     {"containerd.io/gc.ref.content.l.0", "sha256:ll"}});
    const Json platform{{"os", "linux"},
                        {"architecture", machine == "x86_64"    ? "amd64"
                                         : machine == "aarch64" ? "arm64"
                                                                : machine}};
    const Json entry{{"digest", digest}, {"platform", platform}};
    name(base, put(Json{{"manifests", Json::array({entry})}}.dump(), {}));
  }
  ~Fixture() { server->Shutdown(std::chrono::system_clock::now()); }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  std::string put(const std::string& text, const std::map<std::string, std::string>& labels) {
    const std::string digest = sha256_of(text);
    content.blobs[digest] = {text, labels};
    return digest;
  }
  void name(const std::string& image, const std::string& digest) {
    names.images[image].set_name(image);
    names.images[image].mutable_target()->set_digest(digest);
  }
};

BOOST_FIXTURE_TEST_SUITE(containerd_images, Fixture)

BOOST_AUTO_TEST_CASE(a_checkpoint_s_reference_is_pointed_at_the_real_image) {
  for (int i = 0; i < 2; ++i) {  // given again, it is done
    const auto done = images->make_cold(base, checkpoint);
    BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.error().message));
    BOOST_TEST(!names.images.contains(checkpoint.id));
    const std::string digest = names.images.at(checkpoint.reference).target().digest();
    const Blob manifest = content.blobs.at(digest);
    const std::string config = Json::parse(manifest.text)["config"]["digest"].get<std::string>();
    BOOST_TEST(config != config_digest);
    BOOST_TEST(Json::parse(content.blobs.at(config).text)["config"]["Cmd"][0] == "/orders");
    BOOST_TEST(names.images.at(config).target().digest() == digest);
    BOOST_TEST(names.images.at(config).labels().at("io.cri-containerd.image") == "managed");
    // What keeps its parts from being collected.
    BOOST_TEST(manifest.labels.at("containerd.io/gc.ref.content.config") == config);
    BOOST_TEST(manifest.labels.at("containerd.io/gc.ref.content.l.0") == "sha256:ll");
    BOOST_TEST(content.blobs.at(config).labels.at("containerd.io/gc.ref.snapshot.overlayfs") == "sha256:dd");
  }
  BOOST_TEST(names.images.size() == 3U);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_done_leaves_the_checkpoint_and_says_why) {
  auto failed = images->make_cold("registry.test/gone@sha256:ab", checkpoint);
  BOOST_REQUIRE(!failed);
  BOOST_TEST(failed.error().message.find("registry.test/gone") != std::string::npos, failed.error().message);
  BOOST_TEST(!images->make_cold(checkpoint.reference, checkpoint));
  BOOST_TEST(!images->make_cold("", checkpoint));
  BOOST_TEST(names.images.contains(checkpoint.id));
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_forgotten) {
  BOOST_TEST(images->forget(checkpoint.id).has_value());
  BOOST_TEST(images->forget(checkpoint.id).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
