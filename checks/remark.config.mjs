// Links and anchors of Markdown. No remote is asked: what leads out of the repository is not looked at.
import links from 'remark-validate-links';

export default {
	plugins: [
		// Lines of sources (`file.rs#L10`) are for paths.mjs.
		[links, { repository: false, urlConfig: { headingPrefix: '#', lines: true } }],
	],
};
