// oci-image: writes an OCI image archive from files, folders, a tar archive or a checkpoint, without a registry or
// daemon.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "shared/base/main.h"
#include "shared/image/image.h"

namespace {

using migrate::image::Compression;

// "SOURCE=DESTINATION[:MODE]"
migrate::image::FilePlacement parse_placement(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
    throw CLI::ValidationError("--file", fmt::format("'{}' is not SOURCE=DESTINATION[:MODE]", text));
  migrate::image::FilePlacement placement{text.substr(0, equals), text.substr(equals + 1), 0644};
  if (const auto colon = placement.destination.rfind(':'); colon != std::string::npos) {
    placement.mode = static_cast<mode_t>(std::stoul(placement.destination.substr(colon + 1), nullptr, 8));
    placement.destination.resize(colon);
  }
  return placement;
}

std::map<std::string, std::string> parse_pairs(const std::vector<std::string>& texts) {
  std::map<std::string, std::string> pairs;
  for (const std::string& text : texts) {
    const auto equals = text.find('=');
    if (equals == std::string::npos) throw CLI::ValidationError(fmt::format("'{}' is not KEY=VALUE", text));
    pairs[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return pairs;
}

}  // namespace

int main(int argc, char** argv) {
  return migrate::run_main("oci-image", [&] {
    CLI::App app{"Writes an OCI image archive, to be imported by containerd or pushed by skopeo."};
    migrate::image::ImageSpec spec;
    std::string archive;
    std::string checkpoint;
    std::string container;
    std::vector<std::string> files, folders, tars, annotations, labels;
    app.add_option("ARCHIVE", archive, "Archive to write")->required();
    app.add_option("--name", spec.name, "Full reference, e.g. registry.test/orders:1")->required();
    app.add_option("--file", files, "SOURCE=DESTINATION[:MODE], repeatable")->allow_extra_args(false);
    app.add_option("--layer-directory", folders, "A folder as a layer, repeatable")->allow_extra_args(false);
    app.add_option("--layer-tar", tars, "A tar archive as a layer, repeatable")->allow_extra_args(false);
    app.add_option("--entrypoint", spec.run.entrypoint, "One word of the entry point, repeatable")
        ->allow_extra_args(false);
    app.add_option("--cmd", spec.run.cmd, "One default argument, repeatable")->allow_extra_args(false);
    app.add_option("--env", spec.run.env, "NAME=VALUE, repeatable")->allow_extra_args(false);
    app.add_option("--workdir", spec.run.working_directory, "Working directory");
    app.add_option("--user", spec.run.user, "User or uid[:gid]");
    app.add_option("--label", labels, "KEY=VALUE, repeatable")->allow_extra_args(false);
    app.add_option("--annotation", annotations, "KEY=VALUE of the manifest, repeatable")->allow_extra_args(false);
    app.add_option("--checkpoint", checkpoint, "A kubelet's checkpoint archive, to be restored from the image");
    app.add_option("--container", container, "With --checkpoint: the container's name")->needs("--checkpoint");
    app.add_option("--compression", spec.compression, "none, gzip or zstd")
        ->transform(CLI::CheckedTransformer(std::map<std::string, Compression>{
            {"none", Compression::none}, {"gzip", Compression::gzip}, {"zstd", Compression::zstd}}));
    try {
      app.parse(argc, argv);
      if (!checkpoint.empty()) {
        if (container.empty()) throw CLI::RequiredError("--container");
        const Compression compression = spec.compression;
        spec = migrate::image::checkpoint_image(checkpoint, container, spec.name);
        spec.compression = compression;
      }
      for (const auto& [key, value] : parse_pairs(annotations))
        spec.annotations[key] = value;
      spec.run.labels = parse_pairs(labels);
      for (const std::string& folder : folders)
        spec.layers.emplace_back(migrate::image::DirectoryTree{folder});
      for (const std::string& tar : tars)
        spec.layers.emplace_back(migrate::image::TarArchive{tar});
      if (!files.empty()) {
        migrate::image::Files placements;
        for (const std::string& file : files)
          placements.placements.push_back(parse_placement(file));
        spec.layers.emplace_back(std::move(placements));
      }
    } catch (const CLI::ParseError& error) {
      return app.exit(error) == 0 ? 0 : 2;
    }
    const auto image = migrate::value_or_fatal(migrate::image::write_image(spec, archive));
    fmt::print("{}@{}\n", spec.name, image.manifest_digest);
    return 0;
  });
}
