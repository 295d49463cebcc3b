// A migration's durable record: the status of its object. Written before and after every step; what is not written
// has not happened for the next controller.
//
// Every write names the resourceVersion it is based on. When that is not the object's any more, somebody changed the
// spec (we take it over and write again) or another controller wrote the status: then this one leaves.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "extender/controller/outcome.h"
#include "extender/controller/signals.h"
#include "extender/controller/world.h"

namespace migrate::controller {

// RFC 7386: what turns `from` into `to`; fields that are only in `from` become null. Pure.
[[nodiscard]] Json merge_difference(const Json& from, const Json& to);

[[nodiscard]] kube::ResourcePath migration_path(const std::string& namespace_, const std::string& name);

class Journal {
 public:
  // `object` has been parsed as `migration`.
  Journal(World& world, Signals& signals, const Json& object, Migration migration);

  [[nodiscard]] const Migration& migration() const { return migration_; }
  // To be changed in place; write() makes it durable.
  [[nodiscard]] MigrationStatus& status() { return migration_.status; }
  // The source Pod as it was when the migration began; null before.
  [[nodiscard]] const Json& source() const { return *source_; }

  // Goes on trying until it is written, somebody else has taken over, or we leave.
  [[nodiscard]] Attempt<void> write();
  // Finalizer and the copy of the source Pod, in one write: from now on there is something to clean up.
  [[nodiscard]] Attempt<void> begin(const Json& source_pod);
  // Takes both away again.
  [[nodiscard]] Attempt<void> end();
  // A decision that was carried out, or cannot be, is none any more. What a person has decided anew meanwhile stands.
  [[nodiscard]] Attempt<void> drop_resolution();

 private:
  // `make` gives the body without its resourceVersion; asked again after a conflict.
  Attempt<void> patch(const kube::ResourcePath& path, const std::function<Json()>& make);
  // The object's finalizers as last seen, with or without ours: others' are not ours to drop.
  [[nodiscard]] Json finalizers(bool with_ours) const;
  // After a conflict, or when a write's fate is unknown: true when it is written already.
  Attempt<bool> look_again();

  World& world_;
  Signals& signals_;
  Migration migration_;
  std::vector<std::string> other_finalizers_;
  std::shared_ptr<const Json> source_;   // never null: JSON's null when there is none
  std::shared_ptr<const Json> written_;  // the status as last written
};

}  // namespace migrate::controller
