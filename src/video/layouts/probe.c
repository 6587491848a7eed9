// Prints the offsets of libavcodec's and libavutil's structures that ffi/libav_layouts.ts holds,
// as JSON. Only compile-time constants: no library is linked or run. See generate.ts.
#include <stddef.h>
#include <stdio.h>
#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>

#define FIELD(type, field) printf("%s\"%s\": %zu", separator, #field, offsetof(type, field)), separator = ", "
#define OPEN(name) printf(",\n\"%s\": {", name), separator = ""
#define CLOSE() printf("}")

int main(void) {
  const char *separator = "";
  printf("{\"avcodec\": %d,\n\"avutil\": %d", LIBAVCODEC_VERSION_MAJOR, LIBAVUTIL_VERSION_MAJOR);

  OPEN("codecContext");
  FIELD(AVCodecContext, bit_rate);
  FIELD(AVCodecContext, rc_max_rate);
  FIELD(AVCodecContext, rc_buffer_size);
  FIELD(AVCodecContext, framerate);
  FIELD(AVCodecContext, width);
  FIELD(AVCodecContext, height);
  CLOSE();

  OPEN("frame");
  FIELD(AVFrame, data);
  FIELD(AVFrame, linesize);
  FIELD(AVFrame, width);
  FIELD(AVFrame, height);
  FIELD(AVFrame, format);
  FIELD(AVFrame, pict_type);
  FIELD(AVFrame, pts);
  FIELD(AVFrame, buf);
  printf(", \"size\": %zu", sizeof(AVFrame));
  CLOSE();

  OPEN("packet");
  FIELD(AVPacket, data);
  FIELD(AVPacket, size);
  FIELD(AVPacket, flags);
  CLOSE();

  OPEN("option");
  FIELD(AVOption, offset);
  CLOSE();

  printf("}\n");
  return 0;
}
