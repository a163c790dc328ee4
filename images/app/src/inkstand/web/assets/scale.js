// A pixel of the panel is a whole number of pixels of the screen: scaled by a fraction, lines get
// lost or twice as wide.

/**
 * Keep `image` as large as whole pixels allow in `room`; `frame` is what is around it in there.
 * `largest`: of how many CSS pixels one of the panel is at most.
 */
export function keepWhole(image, room, frame, largest = Infinity) {
  let width = 0;
  const fit = () => {
    if (width) resize(image, width - (frame.offsetWidth - image.offsetWidth), largest);
  };
  new ResizeObserver(([{ contentRect }]) => {
    width = contentRect.width;
    fit();
  }).observe(room);
  new MutationObserver(fit).observe(image, { attributeFilter: ["width", "height"] });
}

function resize(image, room, largest) {
  const [dots, lines] = ["width", "height"].map((side) => Number(image.getAttribute(side)));
  const most = Math.max(1, Math.floor(largest * devicePixelRatio));
  const times = Math.min(Math.floor((room * devicePixelRatio) / dots + 0.01), most);
  // Where not even one of them has room, less than whole is better than cut off.
  const width = times > 0 ? (times * dots) / devicePixelRatio : room;
  image.style.width = `${width}px`;
  image.style.height = `${(width * lines) / dots}px`;
}
