// TensorFlow's server, reachable through one network device.
#pragma once
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <tensorflow/c/c_api.h>
#include "exit.h"
#include "failure.h"
#include "js_values.h"
#include "status.h"

namespace kd {

/** Whether a file descriptor is a socket that listens on a port. */
inline bool listensAt(int socket, uint16_t port) {
  int listens = 0;
  socklen_t size = sizeof listens;
  if (getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0) return false;
  sockaddr_storage address{};
  size = sizeof address;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return false;
  if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<sockaddr_in*>(&address)->sin_port) == port;
  return address.ss_family == AF_INET6 && ntohs(reinterpret_cast<sockaddr_in6*>(&address)->sin6_port) == port;
}

struct FolderClosing {
  void operator()(DIR* folder) const { closedir(folder); }
};

/** This process's sockets that listen on a port. */
inline std::vector<int> listenersAt(uint16_t port) {
  std::vector<int> sockets;
  const std::unique_ptr<DIR, FolderClosing> folder(opendir("/proc/self/fd"));
  if (folder == nullptr) throw Failure{"INTERNAL", "/proc/self/fd cannot be read"};
  while (const dirent* entry = readdir(folder.get())) {
    const int socket = std::atoi(entry->d_name);
    if (entry->d_name[0] != '.' && listensAt(socket, port)) sockets.push_back(socket);
  }
  return sockets;
}

/** Closes the pending connections of a non-blocking listening socket. */
inline void dropConnections(int socket) {
  for (;;) {
    const int connection = accept(socket, nullptr, nullptr);
    if (connection >= 0)
      ::close(connection);
    else if (errno == EAGAIN || errno == EWOULDBLOCK)
      return;
    else if (errno != EINTR && errno != ECONNABORTED)
      throw Failure{"INTERNAL", std::string("accept: ") + strerror(errno)};
  }
}

/** Makes a listening socket reachable through one network device only, and drops the connections made before. */
inline void bindToDevice(int socket, const std::string& device) {
  if (setsockopt(socket, SOL_SOCKET, SO_BINDTODEVICE, device.c_str(), device.size()) != 0)
    throw Failure{"PERMISSION_DENIED",
                  "the port cannot be bound to the network device " + device + ": " + strerror(errno)};
  const int flags = fcntl(socket, F_GETFL);
  if (flags < 0 || fcntl(socket, F_SETFL, flags | O_NONBLOCK) != 0)
    throw Failure{"INTERNAL", std::string("fcntl: ") + strerror(errno)};
  dropConnections(socket);
}

/**
 * Starts a server. TensorFlow makes it listen on all addresses, whichever are asked for; before it can answer, its
 * sockets are bound to the device.
 *
 * @return the target of sessions
 */
inline std::string startServer(const Bytes& definition, uint32_t port, const std::string& device) {
  if (device.empty()) refuse("a server needs a network device, the only one on which it is reachable");
  Status status;
  TF_Server* server = TF_NewServer(definition.data, definition.length, status.get());
  status.check();
  isServing = true;  // even a server that was never started cannot be deleted
  const std::vector<int> sockets = listenersAt(static_cast<uint16_t>(port));
  if (sockets.empty())
    throw Failure{"INTERNAL", "TensorFlow's server does not listen on port " + std::to_string(port)};
  for (const int socket : sockets) bindToDevice(socket, device);
  TF_ServerStart(server, status.get());
  status.check();
  return TF_ServerTarget(server);
}

}  // namespace kd
