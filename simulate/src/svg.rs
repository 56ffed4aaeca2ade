//! Pictures of lines over time, as plain SVG.

use std::fmt::Write;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 560.0;
/// Left, top, right, bottom.
const MARGINS: (f64, f64, f64, f64) = (80.0, 50.0, 30.0, 60.0);

/// One line.
pub(crate) struct Line {
	/// What it shows.
	pub name: String,
	/// As SVG names it.
	pub colour: &'static str,
	/// Where it goes.
	pub points: Vec<(f64, f64)>,
}

/// Lines, axes and a limit.
pub(crate) struct Chart {
	/// Above everything.
	pub title: &'static str,
	/// What the horizontal axis shows, where it ends, and how far its marks are apart.
	pub x: (&'static str, f64, f64),
	/// The same for the vertical one.
	pub y: (&'static str, f64, f64),
	/// What no line crosses.
	pub limit: (&'static str, f64),
	/// The lines.
	pub lines: Vec<Line>,
}

impl Chart {
	/// The picture.
	pub(crate) fn draw(&self) -> String {
		let mut svg = format!(
			"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"13\">\n\
			 <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n\
			 <text x=\"{}\" y=\"28\" text-anchor=\"middle\" font-size=\"18\">{}</text>\n",
			WIDTH / 2.0,
			self.title,
		);
		self.draw_axes(&mut svg);
		let (left, _, right, _) = MARGINS;
		let y = self.y_at(self.limit.1);
		// Writing to a string cannot fail, here and below.
		let _ = write!(
			svg,
			"<line x1=\"{left}\" y1=\"{y:.1}\" x2=\"{}\" y2=\"{y:.1}\" stroke=\"black\" stroke-dasharray=\"8 5\"/>\n\
			 <text x=\"{}\" y=\"{:.1}\">{}</text>\n",
			WIDTH - right,
			left + 8.0,
			y - 6.0,
			self.limit.0,
		);
		for (index, line) in self.lines.iter().enumerate() {
			self.draw_line(&mut svg, index, line);
		}
		svg.push_str("</svg>\n");
		svg
	}

	fn draw_axes(&self, svg: &mut String) {
		let (left, top, right, bottom) = MARGINS;
		let (base, end) = (HEIGHT - bottom, WIDTH - right);
		for x in marks(self.x.1, self.x.2) {
			let at = self.x_at(x);
			let _ = write!(
				svg,
				"<line x1=\"{at:.1}\" y1=\"{top}\" x2=\"{at:.1}\" y2=\"{base}\" stroke=\"#e0e0e0\"/>\n\
				 <text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{x:.0}</text>\n",
				base + 18.0,
			);
		}
		for y in marks(self.y.1, self.y.2) {
			let at = self.y_at(y);
			let _ = write!(
				svg,
				"<line x1=\"{left}\" y1=\"{at:.1}\" x2=\"{end}\" y2=\"{at:.1}\" stroke=\"#e0e0e0\"/>\n\
				 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{y:.0}</text>\n",
				left - 8.0,
				at + 4.0,
			);
		}
		let middle = (top + base) / 2.0;
		let _ = write!(
			svg,
			"<path d=\"M{left} {top}V{base}H{end}\" fill=\"none\" stroke=\"black\"/>\n\
			 <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n\
			 <text x=\"22\" y=\"{middle}\" text-anchor=\"middle\" transform=\"rotate(-90 22 {middle})\">{}</text>\n",
			(left + end) / 2.0,
			HEIGHT - 14.0,
			self.x.0,
			self.y.0,
		);
	}

	fn draw_line(&self, svg: &mut String, index: usize, line: &Line) {
		let points: Vec<_> =
			line.points.iter().map(|(x, y)| format!("{:.1},{:.1}", self.x_at(*x), self.y_at(*y))).collect();
		let (left, top, ..) = MARGINS;
		let (x, y) = (left + 20.0, top + 70.0 + 20.0 * index as f64);
		let _ = write!(
			svg,
			"<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>\n\
			 <line x1=\"{x}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\" stroke=\"{}\" stroke-width=\"2\"/>\n\
			 <text x=\"{}\" y=\"{}\">{}</text>\n",
			points.join(" "),
			line.colour,
			x + 30.0,
			line.colour,
			x + 38.0,
			y + 4.0,
			line.name,
		);
	}

	fn x_at(&self, x: f64) -> f64 {
		let (left, _, right, _) = MARGINS;
		left + x / self.x.1 * (WIDTH - left - right)
	}

	fn y_at(&self, y: f64) -> f64 {
		let (_, top, _, bottom) = MARGINS;
		HEIGHT - bottom - y / self.y.1 * (HEIGHT - top - bottom)
	}
}

fn marks(end: f64, step: f64) -> impl Iterator<Item = f64> {
	(0..).map(move |number| f64::from(number) * step).take_while(move |mark| *mark <= end)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_picture_has_its_lines_units_and_limit_within_its_frame() {
		let line = Line { name: "growth".into(), colour: "red", points: vec![(0.0, 0.0), (10.0, 100.0)] };
		let chart = Chart {
			title: "A test",
			x: ("years", 10.0, 1.0),
			y: ("tokens", 100.0, 20.0),
			limit: ("as far as it goes", 90.0),
			lines: vec![line],
		};

		let svg = chart.draw();

		assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
		for text in ["A test", "years", "tokens", "as far as it goes", "growth", "80.0,500.0 930.0,50.0"] {
			assert!(svg.contains(text), "{text} is missing in {svg}");
		}
		assert_eq!(svg.matches("<polyline").count(), 1);
	}
}
