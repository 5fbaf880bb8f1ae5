// Plays the movie while the button is down, round and round.
let timer;

export default ({frame, play, every}) => {
  clearInterval(timer);
  play.label = play.active ? "❚❚ stop" : "▶ play";
  if (!play.active) return;
  timer = setInterval(() => {
    frame.value = frame.value + frame.step <= frame.end ? frame.value + frame.step : frame.start;
  }, every);
};
