// One datagram to a Unix socket, which Node itself has no way to send: the protocol of sd_notify(3). No policy here: what is said, and when, is
// decided in gateway/src/main/service-notice.ts.
#include <napi.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

namespace {

class Fd {  // owns a descriptor; closes it once, on every way out
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(const Fd &) = delete;
  Fd &operator=(const Fd &) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// Returns 0 or an errno. Never waits: a supervisor that does not read is told later.
int send(const std::string &address, const std::string &text) {
  sockaddr_un to = {};
  to.sun_family = AF_UNIX;
  if (address.size() < 2 || address.size() >= sizeof(to.sun_path)) return EINVAL;
  std::memcpy(to.sun_path, address.data(), address.size());
  // The name of an abstract socket begins with a zero octet, which is written as @, and has no zero at its end: see unix(7).
  if (to.sun_path[0] == '@') to.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) return errno;
  const ssize_t sent = ::sendto(socket.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                                reinterpret_cast<const sockaddr *>(&to), length);
  if (sent < 0) return errno;
  return 0;
}

Napi::Value Send(const Napi::CallbackInfo &info) {
  const std::string address = info[0].As<Napi::String>();
  const std::string text = info[1].As<Napi::String>();
  return Napi::Number::New(info.Env(), send(address, text));
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("send", Napi::Function::New<Send>(env, "send"));
  return exports;
}

}  // namespace

NODE_API_MODULE(service_notify, Init)
