// One function a command; each prints what it has to say and answers the exit code. Sources: one file each.
#pragma once

#include "plugin/arguments.h"
#include "plugin/io.h"

namespace migrate::plugin {

class BrokerWay;

int run_migrate(const Session& session, const Options& options);                    // migrate.cpp
int run_status(const Session& session, const Options& options);                     // status.cpp
int run_list(const Session& session, const Options& options);                       // list.cpp
int run_describe(const Session& session, const Options& options);                   // describe.cpp
int run_abort(const Session& session, const Options& options);                      // decide.cpp
int run_resolve(const Session& session, const Options& options);                    // decide.cpp; also resume
int run_check(const Session& session, const Options& options);                      // check.cpp
int run_check_app(const Session& session, const Options& options, BrokerWay& way);  // check_app.cpp
int run_nodes(const Session& session, const Options& options);                      // nodes.cpp
int run_self_test(const Session& session, const Options& options);                  // self_test.cpp
int run_support_bundle(const Session& session, const Options& options);             // support_bundle.cpp
int run_drain(const Session& session, const Options& options);                      // drain.cpp
int run_enable(const Session& session, const Options& options);                     // enable.cpp
int run_disable(const Session& session, const Options& options);                    // enable.cpp
int run_cleanup(const Session& session, const Options& options, BrokerWay& way);    // cleanup.cpp
int run_version(const Session& session, const Options& options);                    // version.cpp

}  // namespace migrate::plugin
