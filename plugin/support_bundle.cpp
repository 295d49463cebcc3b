// support-bundle: all that a maintainer needs to see, in one file, and nothing that is nobody's business.
#include <fmt/format.h>
#include <unistd.h>

#include <ostream>

#include "plugin/bundle_collector.h"
#include "plugin/cluster.h"
#include "plugin/commands.h"
#include "plugin/format.h"
#include "plugin/interrupt.h"
#include "shared/support/bundle_archive.h"

namespace migrate::plugin {
namespace {

constexpr std::string_view kEnding = ".tar.gz";
constexpr std::string_view kStandardOutput = "-";

// A file that is made anew, before there is anything to write: whoever may not write there is told at once. What does
// not come to its end leaves none.
class NewFile {
 public:
  explicit NewFile(std::string path)
      : path_(std::move(path)), writer_(path_, image::FileWriter::Existing::kept), is_made_(writer_.state()) {}
  ~NewFile() {
    if (is_made_ && !is_whole_) ::unlink(path_.c_str());
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  [[nodiscard]] Result<void> state() const { return writer_.state(); }
  [[nodiscard]] bool write(std::span<const char> piece) { return writer_.write(piece); }
  [[nodiscard]] Result<void> finish() {
    auto finished = writer_.finish();
    is_whole_ = finished.has_value();
    return finished;
  }

 private:
  std::string path_;
  image::FileWriter writer_;
  bool is_made_;
  bool is_whole_ = false;
};

struct Written {
  std::string_view where;  // a file, or "-"
  Bytes size;
};

void tell_end(const Io& io, const support::Bundle& bundle, const Written& written) {
  const bool is_stream = written.where == kStandardOutput;
  std::ostream& stream = is_stream ? io.err.stream : io.out.stream;
  if (!bundle.errors().empty())
    io.err.stream << fmt::format("{} line{} of what could not be read or is not there: see {} in it\n",
                                 bundle.errors().size(), bundle.errors().size() == 1 ? "" : "s", support::kErrorsFile);
  io.err.stream << "Look at it before you give it away: docs/support-bundle.md says what is in it.\n";
  io.err.stream.flush();
  stream << fmt::format("{} ({})\n", is_stream ? "standard output" : kube::printable(written.where),
                        bytes_text(written.size));
  stream.flush();
}

// Collects, packs and gives it to `sink`.
Outcome<Bytes> make(const Session& session, const Options& options, const std::string& folder, support::Bundle& bundle,
                    const image::ByteSink& sink) {
  if (const auto collected = BundleCollector{session, options, bundle}.collect(); !collected)
    return tl::make_unexpected(collected.error());
  // The last look for secrets: behind it nothing is added.
  bundle.seal();
  Bytes size;
  const auto packed = support::write_archive(bundle, folder, session.io.clock.now(), [&](std::span<const char> piece) {
    size.count += piece.size();
    return sink(piece);
  });
  if (!packed) return fail(packed.error().message);
  return size;
}

int write_to_stream(const Session& session, const Options& options, const std::string& name) {
  const Io& io = session.io;
  if (io.out.is_live)
    return report(io,
                  {"--file=-: standard output is a terminal, and a bundle is no text\nSend it into a file or a pipe",
                   exit_code::kUsage});
  support::Bundle bundle;
  const auto size = make(session, options, name, bundle, [&](std::span<const char> piece) {
    io.out.stream.write(piece.data(), static_cast<std::streamsize>(piece.size()));
    return io.out.stream.good();
  });
  if (!size) return report(io, size.error());
  io.out.stream.flush();
  if (!io.out.stream.good()) return report(io, {"write to standard output: it takes no more"});
  tell_end(io, bundle, {kStandardOutput, *size});
  return exit_code::kDone;
}

int write_to_file(const Session& session, const Options& options, const std::string& name) {
  const Io& io = session.io;
  const std::string path = options.file.empty() ? fmt::format("{}{}", name, kEnding) : options.file;
  NewFile file{path};
  if (const auto made = file.state(); !made)
    return report(io, {made.error().message + "\nNothing that is there is written over; -f names another file"});
  support::Bundle bundle;
  const auto size =
      make(session, options, name, bundle, [&](std::span<const char> piece) { return file.write(piece); });
  if (!size) {
    // What the disk said comes first: it is the cause of what the packer reports.
    const auto written = file.state();
    return report(io, written ? size.error() : Failure{written.error().message});
  }
  if (const auto finished = file.finish(); !finished) return report(io, {finished.error().message});
  tell_end(io, bundle, {path, *size});
  return exit_code::kDone;
}

}  // namespace

int run_support_bundle(const Session& session, const Options& options) {
  const Interrupts interrupts;
  const std::string name = bundle_name(options.name, session.io.clock.now());
  return options.file == kStandardOutput ? write_to_stream(session, options, name)
                                         : write_to_file(session, options, name);
}

}  // namespace migrate::plugin
