// Gives back to the system what the process holds and does not use: pages of the executable's own file, free blocks that malloc keeps, and what
// V8 of one thread keeps. Node has no call for any of them. When it is done is decided in gateway/src/main/service/memory-care.ts.
#include <napi.h>
#include <v8.h>

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace {

struct Mapping {
  unsigned long begin = 0;
  unsigned long end = 0;
  unsigned long residentKb = 0;
  unsigned long ownKb = 0;
};

struct CloseFile {
  void operator()(FILE *file) const { std::fclose(file); }
};

std::string executablePath() {
  char path[PATH_MAX];
  const ssize_t length = ::readlink("/proc/self/exe", path, sizeof(path));
  return length > 0 ? std::string(path, static_cast<std::size_t>(length)) : std::string();
}

// Mappings of the executable that nothing was ever written into, by proc_pid_smaps(5). A page of the process's own (a relocation, a debugger's
// breakpoint, code moved to huge pages) could not be read from the file again: a mapping with one is left alone. One that lies in swap no longer
// counts as anonymous, and would be lost as well.
std::vector<Mapping> cleanMappings() {
  std::vector<Mapping> found;
  const std::string executable = executablePath();
  const std::unique_ptr<FILE, CloseFile> file(std::fopen("/proc/self/smaps", "re"));
  if (executable.empty() || !file) return found;
  char line[PATH_MAX + 128];
  Mapping mapping;
  bool isCandidate = false;
  while (std::fgets(line, sizeof(line), file.get()) != nullptr) {
    unsigned long begin, end, kb;
    char access[5];
    int pathAt = 0;
    if (std::sscanf(line, "%lx-%lx %4s %*s %*s %*s %n", &begin, &end, access, &pathAt) == 3 && pathAt > 0) {
      line[std::strcspn(line, "\n")] = '\0';
      isCandidate = access[0] == 'r' && access[1] == '-' && executable == line + pathAt;
      mapping = {begin, end, 0, 0};
    } else if (isCandidate && std::sscanf(line, "Rss: %lu kB", &kb) == 1) {
      mapping.residentKb = kb;
    } else if (isCandidate && std::sscanf(line, "Anonymous: %lu kB", &kb) == 1) {
      mapping.ownKb = kb;
    } else if (isCandidate && std::sscanf(line, "Swap: %lu kB", &kb) == 1 && mapping.ownKb + kb == 0) {
      found.push_back(mapping);
    }
  }
  return found;
}

// The kernel maps them again from its page cache, or reads them, when they are next used. Returns octets.
Napi::Value ReleaseFilePages(const Napi::CallbackInfo &info) {
  unsigned long releasedKb = 0;
  for (const Mapping &mapping : cleanMappings()) {
    void *begin = reinterpret_cast<void *>(mapping.begin);
    if (::madvise(begin, mapping.end - mapping.begin, MADV_DONTNEED) == 0) releasedKb += mapping.residentKb;
  }
  return Napi::Number::New(info.Env(), static_cast<double>(releasedKb) * 1024);
}

// Also from between blocks that are in use, which malloc does not do by itself.
Napi::Value ReleaseFreeBlocks(const Napi::CallbackInfo &info) {
  return Napi::Boolean::New(info.Env(), ::malloc_trim(0) == 1);
}

// Both of the calling thread's V8. Node-API has no calls for them; Node is pinned, and this is compiled with its headers.
Napi::Value PostponeCollections(const Napi::CallbackInfo &info) {
  v8::Isolate::GetCurrent()->SetIsLoading(true);
  return info.Env().Undefined();
}

Napi::Value BeginCollection(const Napi::CallbackInfo &info) {
  v8::Isolate::GetCurrent()->SetIsLoading(false);
  v8::Isolate::GetCurrent()->MemoryPressureNotification(v8::MemoryPressureLevel::kModerate);
  return info.Env().Undefined();
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("releaseFilePages", Napi::Function::New<ReleaseFilePages>(env, "releaseFilePages"));
  exports.Set("releaseFreeBlocks", Napi::Function::New<ReleaseFreeBlocks>(env, "releaseFreeBlocks"));
  exports.Set("postponeCollections", Napi::Function::New<PostponeCollections>(env, "postponeCollections"));
  exports.Set("beginCollection", Napi::Function::New<BeginCollection>(env, "beginCollection"));
  return exports;
}

}  // namespace

NODE_API_MODULE(memory_release, Init)
