#include "node/container_runtime/containerd_images.h"

#include <sys/utsname.h>

#include <map>

#include "node/container_runtime/call.h"
#include "node/container_runtime/cold_image.h"
#include "node/container_runtime/protocol/containerd_content.grpc.pb.h"
#include "node/container_runtime/protocol/containerd_images.grpc.pb.h"

namespace migrate::node {
namespace {

namespace content_v1 = ::containerd::services::content::v1;
namespace images_v1 = ::containerd::services::images::v1;
using Labels = std::map<std::string, std::string>;

constexpr std::size_t kLargestDocument = 4U << 20;
constexpr const char* kConfigLabel =
    "containerd.io/gc.ref.content.config";                        // keeps a manifest's config from collection
constexpr const char* kManagedLabel = "io.cri-containerd.image";  // the CRI minds images that have it

struct Context : grpc::ClientContext {
  Context() {
    AddMetadata("containerd-namespace", "k8s.io");
    limit(*this);
  }
};

tl::unexpected<Error> refused(const std::string& attempt, const grpc::Status& status) {
  return tl::make_unexpected(answered(attempt, "containerd", status));
}

std::string own_architecture() {
  utsname system{};
  if (::uname(&system) != 0) return "";
  const std::string machine = system.machine;
  if (machine == "x86_64") return "amd64";
  return machine == "aarch64" ? "arm64" : machine;
}

}  // namespace

struct ContainerdImages::Stubs {
  std::unique_ptr<content_v1::Content::Stub> content;
  std::unique_ptr<images_v1::Images::Stub> images;

  [[nodiscard]] Result<images_v1::Image> image(const std::string& name) const {
    Context context;
    images_v1::GetImageRequest request;
    request.set_name(name);
    images_v1::GetImageResponse response;
    const grpc::Status status = images->Get(&context, request, &response);
    if (!status.ok()) return refused("look at image " + name, status);
    return std::move(*response.mutable_image());
  }

  [[nodiscard]] Result<std::string> read(const std::string& digest) const {
    Context context;
    content_v1::ReadContentRequest request;
    request.set_digest(digest);
    const auto reader = content->Read(&context, request);
    std::string text;
    content_v1::ReadContentResponse piece;
    while (reader->Read(&piece)) {
      text += piece.data();
      if (text.size() > kLargestDocument) {
        context.TryCancel();
        return failure(fmt::format("read {}: it is larger than a manifest or config may be", digest));
      }
    }
    if (const grpc::Status status = reader->Finish(); !status.ok()) return refused("read " + digest, status);
    return text;
  }

  [[nodiscard]] Result<Labels> labels_of(const std::string& digest) const {
    Context context;
    content_v1::InfoRequest request;
    request.set_digest(digest);
    content_v1::InfoResponse response;
    const grpc::Status status = content->Info(&context, request, &response);
    if (!status.ok()) return refused("look at " + digest, status);
    return Labels{response.info().labels().begin(), response.info().labels().end()};
  }

  [[nodiscard]] Result<void> write(const std::string& digest, const std::string& text, const Labels& labels) const {
    Context context;
    const auto stream = content->Write(&context);
    content_v1::WriteContentRequest request;
    request.set_action(content_v1::COMMIT);
    request.set_ref("kubectl-migrate-" + digest);
    request.set_total(static_cast<std::int64_t>(text.size()));
    request.set_expected(digest);
    request.set_data(text);
    request.mutable_labels()->insert(labels.begin(), labels.end());
    (void)stream->Write(request);  // Finish tells
    stream->WritesDone();
    content_v1::WriteContentResponse response;
    while (stream->Read(&response)) {
    }
    const grpc::Status status = stream->Finish();
    if (status.ok() || status.error_code() == grpc::StatusCode::ALREADY_EXISTS) return {};
    return refused("write " + digest, status);
  }

  [[nodiscard]] Result<void> name(const std::string& name, const ColdImage& cold) const {
    images_v1::Image image;
    image.set_name(name);
    (*image.mutable_labels())[kManagedLabel] = "managed";
    image.mutable_target()->set_media_type(cold.media_type);
    image.mutable_target()->set_digest(cold.manifest_digest);
    image.mutable_target()->set_size(static_cast<std::int64_t>(cold.manifest.size()));
    {
      Context context;
      images_v1::UpdateImageRequest request;
      *request.mutable_image() = image;
      request.mutable_update_mask()->add_paths("target");
      images_v1::UpdateImageResponse response;
      const grpc::Status status = images->Update(&context, request, &response);
      if (status.ok()) return {};
      if (status.error_code() != grpc::StatusCode::NOT_FOUND) return refused("change image " + name, status);
    }
    Context context;
    images_v1::CreateImageRequest request;
    *request.mutable_image() = image;
    images_v1::CreateImageResponse response;
    const grpc::Status status = images->Create(&context, request, &response);
    if (status.ok() || status.error_code() == grpc::StatusCode::ALREADY_EXISTS) return {};
    return refused("make image " + name, status);
  }

  // What the base has of manifest and config, under the cold image's digests and with its references: layers and
  // unpacked snapshots are shared.
  [[nodiscard]] Result<ColdImage> make(const std::string& base, const std::string& reference) const {
    auto real = image(base);
    if (!real) return tl::make_unexpected(real.error());
    std::string digest = real->target().digest();
    auto manifest = read(digest);
    if (!manifest) return tl::make_unexpected(manifest.error());
    const auto chosen = manifest_for(*manifest, own_architecture());
    if (!chosen) return tl::make_unexpected(chosen.error().within("image " + base));
    if (!chosen->empty()) {
      digest = *chosen;
      manifest = read(digest);
      if (!manifest) return tl::make_unexpected(manifest.error());
    }
    const auto config_digest = config_digest_of(*manifest);
    if (!config_digest) return tl::make_unexpected(config_digest.error().within("image " + base));
    const auto config = read(*config_digest);
    if (!config) return tl::make_unexpected(config.error());
    auto cold = cold_image(*manifest, *config, reference);
    if (!cold) return tl::make_unexpected(cold.error().within("image " + base));
    auto config_labels = labels_of(*config_digest);
    if (!config_labels) return tl::make_unexpected(config_labels.error());
    auto manifest_labels = labels_of(digest);
    if (!manifest_labels) return tl::make_unexpected(manifest_labels.error());
    (*manifest_labels)[kConfigLabel] = cold->config_digest;
    if (auto written = write(cold->config_digest, cold->config, *config_labels); !written)
      return tl::make_unexpected(written.error());
    if (auto written = write(cold->manifest_digest, cold->manifest, *manifest_labels); !written)
      return tl::make_unexpected(written.error());
    return cold;
  }
};

ContainerdImages::ContainerdImages(const std::shared_ptr<grpc::Channel>& channel)
    : stubs_(
          std::make_unique<Stubs>(Stubs{content_v1::Content::NewStub(channel), images_v1::Images::NewStub(channel)})) {}
ContainerdImages::~ContainerdImages() = default;

Result<void> ContainerdImages::make_cold(const std::string& base, const CheckpointImageNames& image) {
  const auto attempt = [&](const Error& error) {
    return tl::make_unexpected(error.within("let " + image.reference + " start cold"));
  };
  if (base.empty() || base == image.reference || base == image.id)
    return attempt(Error{fmt::format("its container runs from image '{}', which is the checkpoint's own", base)});
  const auto cold = stubs_->make(base, image.reference);
  if (!cold) return attempt(cold.error());
  if (auto named = stubs_->name(cold->config_digest, *cold); !named) return attempt(named.error());
  if (auto named = stubs_->name(image.reference, *cold); !named) return attempt(named.error());
  // What nothing named for a moment may have been collected; a repetition makes it again.
  for (const std::string& digest : {cold->config_digest, cold->manifest_digest})
    if (auto there = stubs_->labels_of(digest); !there) return attempt(there.error());
  if (auto gone = forget(image.id); !gone) return attempt(gone.error());
  return {};
}

Result<void> ContainerdImages::forget(const std::string& name) {
  Context context;
  images_v1::DeleteImageRequest request;
  request.set_name(name);
  google::protobuf::Empty response;
  const grpc::Status status = stubs_->images->Delete(&context, request, &response);
  if (status.ok() || status.error_code() == grpc::StatusCode::NOT_FOUND) return {};
  return refused("remove image " + name, status);
}

}  // namespace migrate::node
