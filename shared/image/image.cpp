#include "shared/image/image.h"

#include <archive_entry.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "shared/image/checkpoint_manifest.h"
#include "shared/image/digest.h"
#include "shared/image/tar_stream.h"

namespace migrate::image {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kIndexType = "application/vnd.oci.image.index.v1+json";

Json config_of(const ImageSpec& spec, const std::vector<Layer>& layers) {
  Json run = Json::object();
  if (!spec.run.entrypoint.empty()) run["Entrypoint"] = spec.run.entrypoint;
  if (!spec.run.cmd.empty()) run["Cmd"] = spec.run.cmd;
  if (!spec.run.env.empty()) run["Env"] = spec.run.env;
  if (!spec.run.user.empty()) run["User"] = spec.run.user;
  if (!spec.run.labels.empty()) run["Labels"] = spec.run.labels;
  run["WorkingDir"] = spec.run.working_directory;

  Json diff_ids = Json::array();
  Json history = Json::array();
  for (const Layer& layer : layers) {
    diff_ids.push_back(layer.diff_id);
    history.push_back({{"created_by", "oci-image"}});
  }
  return {{"architecture", spec.architecture},
          {"os", "linux"},
          {"config", run},
          {"rootfs", {{"type", "layers"}, {"diff_ids", diff_ids}}},
          {"history", history}};
}

Json manifest_of(const ImageSpec& spec, const std::string& config, const std::vector<Layer>& layers) {
  Json descriptors = Json::array();
  for (const Layer& layer : layers)
    descriptors.push_back({{"mediaType", layer.media_type}, {"digest", layer.digest}, {"size", layer.size.count}});
  Json manifest = {{"schemaVersion", 2},
                   {"mediaType", kManifestType},
                   {"config", {{"mediaType", kConfigType}, {"digest", sha256_of(config)}, {"size", config.size()}}},
                   {"layers", descriptors}};
  if (!spec.annotations.empty()) manifest["annotations"] = spec.annotations;
  return manifest;
}

Json index_of(const ImageSpec& spec, const std::string& manifest) {
  // containerd takes the image's name from the first of these, skopeo and podman its tag from the second.
  const auto colon = spec.name.rfind(':');
  const bool has_tag = colon != std::string::npos && spec.name.find('/', colon) == std::string::npos;
  const Json annotations = {{"io.containerd.image.name", spec.name},
                            {"org.opencontainers.image.ref.name", has_tag ? spec.name.substr(colon + 1) : "latest"}};
  return {{"schemaVersion", 2},
          {"mediaType", kIndexType},
          {"manifests",
           {{{"mediaType", kManifestType},
             {"digest", sha256_of(manifest)},
             {"size", manifest.size()},
             {"platform", {{"architecture", spec.architecture}, {"os", "linux"}}},
             {"annotations", annotations}}}}};
}

std::string blob_path(const std::string& digest) {
  return "blobs/sha256/" + digest.substr(digest.find(':') + 1);
}

// Layers packed beside the archive; gone with this object, whatever happened.
class Workshop {
 public:
  explicit Workshop(const fs::path& archive) : folder_(archive.string() + ".layers") {
    fs::create_directories(folder_);
  }
  ~Workshop() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;
  [[nodiscard]] fs::path blob(std::size_t number) const { return folder_ / std::to_string(number); }

 private:
  fs::path folder_;
};

Result<void> write_layout(const std::string& index, const std::string& manifest, const std::string& config,
                          const std::vector<Layer>& layers, const fs::path& archive) {
  FileWriter file{archive.string()};
  ArchiveWriter writer{ArchiveWriter::Format::tar, [&](std::span<const char> piece) { return file.write(piece); }};
  auto written = [&]() -> Result<void> {
    const std::pair<std::string, std::string_view> texts[] = {
        {"oci-layout", R"({"imageLayoutVersion":"1.0.0"})"},
        {"index.json", index},
        {blob_path(sha256_of(manifest)), manifest},
        {blob_path(sha256_of(config)), config},
    };
    for (const auto& [path, text] : texts)
      if (auto done = writer.file(path, 0644, text); !done) return done;
    for (const Layer& layer : layers) {
      const EntryPtr entry = new_entry(blob_path(layer.digest));
      archive_entry_set_mode(entry.get(), S_IFREG | 0644);
      archive_entry_set_size(entry.get(), static_cast<la_int64_t>(layer.size.count));
      if (auto done = writer.header(entry.get()); !done) return done;
      if (auto done = writer.content_of(layer.blob.string(), layer.size.count); !done) return done;
    }
    return writer.close();
  }();
  if (auto finished = file.finish(); !finished) return finished;  // the disk's word is the cause of the writer's
  return written;
}

}  // namespace

Result<WrittenImage> write_image(const ImageSpec& spec, const fs::path& archive) try {
  const auto given_up = [&](const Error& error) {
    std::error_code ignored;
    fs::remove(archive, ignored);
    return tl::make_unexpected(error.within("write image " + spec.name));
  };
  const Workshop workshop{archive};
  std::vector<Layer> layers;
  for (const LayerSource& source : spec.layers) {
    auto layer = write_layer(source, spec.compression, workshop.blob(layers.size()));
    if (!layer) return given_up(layer.error());
    layers.push_back(std::move(*layer));
  }
  const std::string config = config_of(spec, layers).dump();
  const std::string manifest = manifest_of(spec, config, layers).dump();
  if (auto written = write_layout(index_of(spec, manifest).dump(), manifest, config, layers, archive); !written)
    return given_up(written.error());
  return WrittenImage{sha256_of(manifest), sha256_of(config)};
} catch (const fs::filesystem_error& error) {
  return failure(fmt::format("write image {}: {}", spec.name, error.what()));
}

ImageSpec checkpoint_image(const fs::path& checkpoint, const std::string& container, const std::string& name) {
  ImageSpec spec;
  spec.name = name;
  spec.layers.emplace_back(TarArchive{checkpoint});
  spec.annotations = {{"org.criu.checkpoint.container.name", container},
                      {"io.kubernetes.cri-o.annotations.checkpoint.name", container}};
  return spec;
}

}  // namespace migrate::image
