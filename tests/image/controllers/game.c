/*
 * Test double of a game: an SDL 2 program that tells on its standard output what it sees of its
 * controllers and shows it as a picture. A pressed button A rumbles that controller.
 *
 * Each line is JSON. The picture is four columns, one a player: black without a controller, grey with
 * one at rest, green while A is held.
 *
 * SDL's headers would bring the development packages of sixty libraries; what is used of its interface,
 * which SDL 2 keeps for good, is declared here (SDL_events.h, SDL_gamecontroller.h, SDL_surface.h).
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef struct SDL_Window SDL_Window;
typedef struct SDL_GameController SDL_GameController;
typedef struct SDL_Joystick SDL_Joystick;
typedef struct { int x, y, w, h; } SDL_Rect;
typedef struct { uint32_t flags; void *format; int w, h; } SDL_Surface;
typedef struct { uint8_t data[16]; } SDL_JoystickGUID;

typedef union {
  uint32_t type;
  struct { uint32_t type, timestamp; int32_t which; } device;
  struct { uint32_t type, timestamp; int32_t which; uint8_t button, state; } button;
  struct { uint32_t type, timestamp; int32_t which; uint8_t axis, pad[3]; int16_t value; } axis;
  struct {
    uint32_t type, timestamp, window;
    uint8_t state, repeat, pad[2];
    int32_t scancode;
  } key;
  uint8_t size[56];
} SDL_Event;

#define SDL_INIT_VIDEO 0x20u
#define SDL_INIT_GAMECONTROLLER 0x2000u
#define SDL_QUIT 0x100
#define SDL_WINDOWEVENT 0x200
#define SDL_KEYDOWN 0x300
#define SDL_CONTROLLERAXISMOTION 0x650
#define SDL_CONTROLLERBUTTONDOWN 0x651
#define SDL_CONTROLLERBUTTONUP 0x652
#define SDL_CONTROLLERDEVICEADDED 0x653
#define SDL_CONTROLLERDEVICEREMOVED 0x654
#define SDL_CONTROLLER_BUTTON_A 0

int SDL_Init(uint32_t flags);
const char *SDL_GetError(void);
int SDL_SetHint(const char *name, const char *value);
SDL_Window *SDL_CreateWindow(const char *title, int x, int y, int w, int h, uint32_t flags);
SDL_Surface *SDL_GetWindowSurface(SDL_Window *window);
int SDL_UpdateWindowSurface(SDL_Window *window);
int SDL_FillRect(SDL_Surface *surface, const SDL_Rect *rect, uint32_t color);
uint32_t SDL_MapRGB(const void *format, uint8_t r, uint8_t g, uint8_t b);
int SDL_WaitEvent(SDL_Event *event);
const char *SDL_GetScancodeName(int32_t scancode);
SDL_GameController *SDL_GameControllerOpen(int index);
void SDL_GameControllerClose(SDL_GameController *controller);
SDL_GameController *SDL_GameControllerFromInstanceID(int32_t which);
SDL_Joystick *SDL_GameControllerGetJoystick(SDL_GameController *controller);
const char *SDL_GameControllerName(SDL_GameController *controller);
const char *SDL_GameControllerPath(SDL_GameController *controller);
uint16_t SDL_GameControllerGetVendor(SDL_GameController *controller);
uint16_t SDL_GameControllerGetProduct(SDL_GameController *controller);
uint16_t SDL_GameControllerGetProductVersion(SDL_GameController *controller);
char *SDL_GameControllerMapping(SDL_GameController *controller);
int SDL_GameControllerHasRumble(SDL_GameController *controller);
int SDL_GameControllerRumble(SDL_GameController *controller, uint16_t low, uint16_t high, uint32_t ms);
uint8_t SDL_GameControllerGetButton(SDL_GameController *controller, int button);
const char *SDL_GameControllerGetStringForButton(int button);
const char *SDL_GameControllerGetStringForAxis(int axis);
int32_t SDL_JoystickInstanceID(SDL_Joystick *joystick);

enum { PLAYERS = 4 };
static SDL_GameController *players[PLAYERS];
static int32_t instances[PLAYERS];

static void draw(SDL_Window *window) {
  SDL_Surface *surface = SDL_GetWindowSurface(window);
  if (!surface) {
    printf("{\"event\":\"no picture\",\"why\":\"%s\"}\n", SDL_GetError());
    return;
  }
  for (int i = 0; i < PLAYERS; i++) {
    SDL_Rect column = {surface->w * i / PLAYERS, 0, surface->w / PLAYERS, surface->h};
    uint32_t color = SDL_MapRGB(surface->format, 0, 0, 0);
    if (players[i] && SDL_GameControllerGetButton(players[i], SDL_CONTROLLER_BUTTON_A))
      color = SDL_MapRGB(surface->format, 0, 220, 0);
    else if (players[i])
      color = SDL_MapRGB(surface->format, 110, 110, 110);
    SDL_FillRect(surface, &column, color);
  }
  SDL_UpdateWindowSurface(window);
}

/* A controller takes the first free place. */
static void added(int index) {
  SDL_GameController *controller = SDL_GameControllerOpen(index);
  if (!controller) {
    printf("{\"event\":\"not opened\",\"why\":\"%s\"}\n", SDL_GetError());
    return;
  }
  int32_t instance = SDL_JoystickInstanceID(SDL_GameControllerGetJoystick(controller));
  int place = 0;
  while (place < PLAYERS && players[place]) place++;
  if (place < PLAYERS) {
    players[place] = controller;
    instances[place] = instance;
  }
  const char *path = SDL_GameControllerPath(controller);
  printf("{\"event\":\"added\",\"which\":%d,\"place\":%d,\"name\":\"%s\",\"path\":\"%s\",\"vendor\":%d,"
         "\"product\":%d,\"version\":%d,\"rumble\":%d,\"mapping\":\"%s\"}\n",
         instance, place, SDL_GameControllerName(controller), path ? path : "",
         SDL_GameControllerGetVendor(controller), SDL_GameControllerGetProduct(controller),
         SDL_GameControllerGetProductVersion(controller), SDL_GameControllerHasRumble(controller),
         SDL_GameControllerMapping(controller));
}

static void removed(int32_t which) {
  printf("{\"event\":\"removed\",\"which\":%d}\n", which);
  for (int i = 0; i < PLAYERS; i++)
    if (players[i] && instances[i] == which) {
      SDL_GameControllerClose(players[i]);
      players[i] = NULL;
    }
}

static void pressed(int32_t which, int button, int down) {
  printf("{\"event\":\"button\",\"which\":%d,\"button\":\"%s\",\"down\":%d}\n", which,
         SDL_GameControllerGetStringForButton(button), down);
  if (button != SDL_CONTROLLER_BUTTON_A || !down) return;
  int failed = SDL_GameControllerRumble(SDL_GameControllerFromInstanceID(which), 0xc000, 0x4000, 500);
  printf("{\"event\":\"rumble\",\"which\":%d,\"failed\":%d}\n", which, failed);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  /* The processor draws; no OpenGL. */
  SDL_SetHint("SDL_FRAMEBUFFER_ACCELERATION", "0");
  SDL_SetHint("SDL_JOYSTICK_ALLOW_BACKGROUND_EVENTS", "1");
  if (SDL_Init(SDL_INIT_VIDEO | SDL_INIT_GAMECONTROLLER)) {
    printf("{\"event\":\"failed\",\"why\":\"%s\"}\n", SDL_GetError());
    return 1;
  }
  SDL_Window *window = SDL_CreateWindow("Controllers", 0, 0, 320, 180, 0);
  if (!window) {
    printf("{\"event\":\"failed\",\"why\":\"%s\"}\n", SDL_GetError());
    return 1;
  }
  printf("{\"event\":\"started\"}\n");
  draw(window);
  for (SDL_Event event; SDL_WaitEvent(&event);) {
    switch (event.type) {
      case SDL_QUIT:
        return 0;
      case SDL_CONTROLLERDEVICEADDED:
        added(event.device.which);
        break;
      case SDL_CONTROLLERDEVICEREMOVED:
        removed(event.device.which);
        break;
      case SDL_CONTROLLERBUTTONDOWN:
      case SDL_CONTROLLERBUTTONUP:
        pressed(event.button.which, event.button.button, event.type == SDL_CONTROLLERBUTTONDOWN);
        break;
      case SDL_CONTROLLERAXISMOTION:
        printf("{\"event\":\"axis\",\"which\":%d,\"axis\":\"%s\",\"value\":%d}\n", event.axis.which,
               SDL_GameControllerGetStringForAxis(event.axis.axis), event.axis.value);
        break;
      case SDL_KEYDOWN:
        printf("{\"event\":\"key\",\"key\":\"%s\"}\n", SDL_GetScancodeName(event.key.scancode));
        break;
      case SDL_WINDOWEVENT:
        break;
      default:
        continue;
    }
    draw(window);
  }
  return 1;
}
