// migrate-agent: one on each node, in a privileged Pod of the DaemonSet. Its state folder is mounted at the same path
// as on the host; everything else of the host it reaches through the root folder of process 1.
#include <CLI/CLI.hpp>

#include "node/agent/program.h"
#include "node/container_runtime/on_host.h"
#include "shared/base/main.h"

int main(int argc, char** argv) {
  migrate::node::become_host_program_if_asked(argc, argv);
  return migrate::run_main("migrate-agent", [&] {
    migrate::agent::Settings settings;
    CLI::App app{"Checkpoints, sends and restores containers on its node, by order of kubectl-migrate's controller"};
    app.add_option("--node", settings.node, "This node's name")->envname("NODE_NAME");
    app.add_option("--host-ip", settings.host_ip, "This node's address")->envname("HOST_IP");
    app.add_option("--extender", settings.extender, "Where certificates are signed")->capture_default_str();
    app.add_option("--host-root", settings.host_root, "The host's files")->capture_default_str();
    app.add_option("--kubelet-folder", settings.kubelet_folder, "The kubelet's folder on the host")
        ->capture_default_str();
    app.add_option("--state-folder", settings.state_folder, "The same path here and on the host")
        ->capture_default_str();
    app.add_option("--migrate-runc", settings.program, "What is installed on the node")->capture_default_str();
    app.add_option("--token", settings.token, "A token for the extender")->capture_default_str();
    app.add_option("--authority", settings.authority, "The authority's certificate as it is mounted")
        ->capture_default_str();
    app.add_option("--runtime-socket", settings.runtime_socket, "On the host; empty: looked for");
    app.add_option("--port", settings.port, "For orders")->capture_default_str();
    app.add_option("--metrics-port", settings.metrics_port, "For /metrics, /healthz, /readyz")->capture_default_str();
    app.add_option("--registry-port", settings.registry_port, "For checkpoints as images, on the loopback only")
        ->capture_default_str();
    app.add_option("--version-label", settings.version, "What this node's facts say of us")->group("");
    CLI::App* const undo = app.add_subcommand("uninstall", "Undoes what was put on the node, and ends");
    undo->add_flag("--handler-unused", settings.handler_is_unused,
                   "No Pod of the cluster has the RuntimeClass migrate: nothing is left for any");
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app.exit(error) == 0 ? 0 : 2;
    }
    return undo->parsed() ? migrate::agent::run_uninstall(settings) : migrate::agent::run_agent(settings);
  });
}
