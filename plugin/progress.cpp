#include "plugin/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <ostream>

#include "plugin/format.h"
#include "plugin/terminal.h"

namespace migrate::plugin {
namespace {

class LiveProgress final : public Progress {
 public:
  LiveProgress(const Io& io, Sink sink) : io_(io), sink_(sink), area_(sink.stream) {}

  void show(const Migration& migration) override {
    latest_ = migration;
    draw();
  }
  void tick() override {
    if (latest_) draw();
  }
  void note(const std::string& text) override { area_.print_above(text); }
  void end() override {
    if (latest_) draw();
    area_.leave();
  }

 private:
  void draw() { area_.draw(picture(*latest_, io_.clock.now(), style_of(io_, sink_)), io_.screen()); }
  const Io& io_;
  Sink sink_;
  LiveArea area_;
  std::optional<Migration> latest_;
};

class LineProgress final : public Progress {
 public:
  LineProgress(const Io& io, Sink sink) : io_(io), sink_(sink) {}

  void show(const Migration& migration) override {
    for (const std::string& line : changes(latest_ ? &*latest_ : nullptr, migration, io_.clock.now(), io_.utc_offset))
      sink_.stream << line << '\n';
    sink_.stream.flush();
    latest_ = migration;
  }
  void tick() override {}
  void note(const std::string& text) override {
    sink_.stream << fmt::format("{} {}\n", clock_text(io_.clock.now(), io_.utc_offset), text);
    sink_.stream.flush();
  }
  void end() override {}

 private:
  const Io& io_;
  Sink sink_;
  std::optional<Migration> latest_;
};

}  // namespace

std::unique_ptr<Progress> make_progress(const Io& io, Sink sink) {
  if (sink.is_live) return std::make_unique<LiveProgress>(io, sink);
  return std::make_unique<LineProgress>(io, sink);
}

Style style_of(const Io& io, const Sink& sink) {
  // Wider lines are harder to read, and a wrapped one would spoil the redrawing. The last column stays free: clearing
  // behind a line that ends there would take its last character.
  const std::size_t columns = sink.is_live ? io.screen().columns - 1 : 80;
  return {std::clamp<std::size_t>(columns, 20, 120), sink.is_colour, io.is_unicode};
}

}  // namespace migrate::plugin
