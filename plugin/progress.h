// How a migration is shown while it runs: one live picture on a terminal, one line per change elsewhere.
#pragma once

#include <memory>
#include <string>

#include "plugin/io.h"
#include "plugin/picture.h"
#include "shared/migration/migration.h"

namespace migrate::plugin {

class Progress {
 public:
  virtual ~Progress() = default;
  virtual void show(const Migration& migration) = 0;
  // Time went by: running steps have taken longer.
  virtual void tick() = 0;
  // Something the user should know that is not the Migration's own.
  virtual void note(const std::string& text) = 0;
  // What is shown stays; nothing more comes.
  virtual void end() = 0;
};

// By what stands behind `sink`.
[[nodiscard]] std::unique_ptr<Progress> make_progress(const Io& io, Sink sink);

// For pictures on this sink.
[[nodiscard]] Style style_of(const Io& io, const Sink& sink);

}  // namespace migrate::plugin
