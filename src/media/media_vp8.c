/* media_vp8.c - VP8 through libvpx, RFC 6386, set up for a call.
 *
 * Speed is fixed: left to itself, libvpx measures how long frames take and chooses by that, and
 * the same pictures would give other bytes on another day. */
#include <stdlib.h>
#include <string.h>
#include <vpx/vp8cx.h>
#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>
#include <vpx/vpx_encoder.h>

#include "base/num.h"
#include "base/work.h"
#include "media/media_image.h"
#include "media/media_util.h"
#include "media/media_vp8.h"

struct taut_vp8_encoder {
	vpx_codec_ctx_t codec;
	vpx_codec_enc_cfg_t cfg;
	uint32_t interval; /* between two frames, in 1 / 90,000 s */
	vpx_codec_pts_t last;
	uint64_t qp_sum, huge;
	double target; /* octets, of all frames */
};

struct taut_vp8_decoder {
	vpx_codec_ctx_t codec;
	bool open;  /* codec is there: libvpx has refused nothing since it was made */
	bool ready; /* a key frame was decoded, and nothing failed since */
};

bool tt_vp8_head(const void *data, size_t len, struct tt_vp8_head *out)
{
	struct rd r = rd_make(data, len);
	const uint8_t *tag = rd_take(&r, 3);

	*out = (struct tt_vp8_head){ 0 };
	if (r.bad)
		return false;
	out->key = (tag[0] & 1) == 0; /* RFC 6386 section 9.1 */
	if (!out->key)
		return true;
	const uint8_t *p = rd_take(&r, 7);
	tt_work(6); /* and one above */
	if (r.bad || p[0] != 0x9d || p[1] != 0x01 || p[2] != 0x2a)
		return false;
	out->width = (uint32_t)(p[3] | (p[4] & 0x3f) << 8); /* the top two bits ask for scaling */
	out->height = (uint32_t)(p[5] | (p[6] & 0x3f) << 8);
	return out->width > 0 && out->height > 0;
}

/* ---- encoding ---- */

static void configure(vpx_codec_enc_cfg_t *to, const struct taut_vp8_config *c)
{
	to->g_w = c->width;
	to->g_h = c->height;
	to->g_threads = 1;
	to->g_timebase.num = 1;
	to->g_timebase.den = 90000;
	to->g_error_resilient = VPX_ERROR_RESILIENT_DEFAULT;
	to->g_lag_in_frames = 0;
	to->g_pass = VPX_RC_ONE_PASS;
	to->rc_end_usage = VPX_CBR;
	to->rc_target_bitrate = (unsigned)tt_max(c->bitrate / 1000, 1);
	to->rc_dropframe_thresh = 0; /* every picture given becomes a frame */
	to->rc_resize_allowed = 0;
	to->rc_min_quantizer = 2;
	to->rc_max_quantizer = 60;
	to->rc_undershoot_pct = 100;
	to->rc_overshoot_pct = 15;
	to->rc_buf_sz = 1000;
	to->rc_buf_initial_sz = 500;
	to->rc_buf_optimal_sz = 600;
	to->kf_mode = c->key_interval ? VPX_KF_AUTO : VPX_KF_DISABLED;
	to->kf_max_dist = c->key_interval ? c->key_interval : 99999;
}

int taut_vp8_encoder_new(taut_vp8_encoder **out, const struct taut_vp8_config *cfg)
{
	struct taut_vp8_config c;
	int rc = tt_media_config(&c, sizeof c, cfg);

	*out = NULL;
	if (rc != TAUT_OK)
		return rc;
	c.fps = c.fps ? c.fps : 30;
	c.bitrate = c.bitrate ? c.bitrate : 500000;
	c.speed = c.speed ? c.speed : 8;
	if (c.width < 16 || c.height < 16 || c.width > TT_IMAGE_MAX_SIDE ||
	    c.height > TT_IMAGE_MAX_SIDE || c.fps > 240 || c.speed > 16 || c.bitrate > 100000000)
		return TAUT_E_INVAL;
	taut_vp8_encoder *enc = calloc(1, sizeof *enc);
	if (!enc)
		return TAUT_E_NOMEM;
	enc->interval = 90000 / c.fps;
	enc->last = -1;
	if (vpx_codec_enc_config_default(vpx_codec_vp8_cx(), &enc->cfg, 0) != VPX_CODEC_OK) {
		free(enc);
		return TAUT_E_UNSUPPORTED;
	}
	configure(&enc->cfg, &c);
	if (vpx_codec_enc_init(&enc->codec, vpx_codec_vp8_cx(), &enc->cfg, 0) != VPX_CODEC_OK) {
		free(enc);
		return TAUT_E_NOMEM;
	}
	(void)vpx_codec_control(&enc->codec, VP8E_SET_CPUUSED, -(int)c.speed);
	(void)vpx_codec_control(&enc->codec, VP8E_SET_STATIC_THRESHOLD, 1);
	(void)vpx_codec_control(&enc->codec, VP8E_SET_TOKEN_PARTITIONS, 0);
	*out = enc;
	return TAUT_OK;
}

void taut_vp8_encoder_free(taut_vp8_encoder *enc)
{
	if (enc)
		(void)vpx_codec_destroy(&enc->codec);
	free(enc);
}

int taut_vp8_encoder_set_bitrate(taut_vp8_encoder *enc, uint32_t bitrate)
{
	if (bitrate < 1000 || bitrate > 100000000)
		return TAUT_E_INVAL;
	enc->cfg.rc_target_bitrate = bitrate / 1000;
	return vpx_codec_enc_config_set(&enc->codec, &enc->cfg) == VPX_CODEC_OK ? TAUT_OK
										: TAUT_E_INVAL;
}

/* webrtc-stats, hugeFramesSent: the average is the target bit rate by the target frame rate. */
static void count_frame(taut_vp8_encoder *enc, size_t len)
{
	const double average = enc->cfg.rc_target_bitrate * 1000.0 / 8 * enc->interval / 90000;
	int qp = 0;

	(void)vpx_codec_control(&enc->codec, VP8E_GET_LAST_QUANTIZER, &qp);
	enc->qp_sum += (unsigned)qp;
	enc->target += average;
	enc->huge += (double)len >= 2.5 * average;
}

void tt_vp8_encoder_tell(const taut_vp8_encoder *enc, struct taut_codec_stats *to)
{
	to->tells |= TAUT_TELLS_QP | TAUT_TELLS_TARGET;
	to->width = enc->cfg.g_w;
	to->height = enc->cfg.g_h;
	to->target_bitrate = enc->cfg.rc_target_bitrate * 1000.0;
	to->total_encoded_bytes_target = (uint64_t)enc->target;
	to->huge_frames = enc->huge;
	to->qp_sum = enc->qp_sum;
}

int taut_vp8_encode(taut_vp8_encoder *enc, const struct taut_image *in, int key_frame,
		    struct taut_frame *out)
{
	vpx_image_t image;
	vpx_codec_iter_t iter = NULL;
	const vpx_codec_cx_pkt_t *pkt;

	if (!in || !in->planes[0] || in->width != enc->cfg.g_w || in->height != enc->cfg.g_h ||
	    !vpx_img_wrap(&image, VPX_IMG_FMT_I420, in->width, in->height, 1, in->planes[0]))
		return TAUT_E_INVAL;
	for (int p = 0; p < 3; p++) {
		image.planes[p] = in->planes[p];
		image.stride[p] = (int)in->strides[p];
	}
	vpx_codec_pts_t pts = in->at / 100 * 9 + (in->at % 100 * 9 + 50) / 100;
	if (pts <= enc->last)
		return TAUT_E_INVAL;
	if (vpx_codec_encode(&enc->codec, &image, pts, enc->interval,
			     key_frame ? VPX_EFLAG_FORCE_KF : 0, VPX_DL_REALTIME) != VPX_CODEC_OK)
		return TAUT_E_STATE;
	enc->last = pts;
	while ((pkt = vpx_codec_get_cx_data(&enc->codec, &iter)) != NULL) {
		if (pkt->kind != VPX_CODEC_CX_FRAME_PKT)
			continue;
		bool key = (pkt->data.frame.flags & VPX_FRAME_IS_KEY) != 0;
		count_frame(enc, pkt->data.frame.sz);
		*out = (struct taut_frame){
			.size = sizeof *out,
			.rtp_timestamp = (uint32_t)pts,
			.flags = key ? TAUT_FRAME_KEY : 0,
			.captured = in->at,
			.data = pkt->data.frame.buf,
			.len = pkt->data.frame.sz,
		};
		return TAUT_OK;
	}
	return TAUT_E_STATE;
}

/* ---- decoding ---- */

static bool open_codec(taut_vp8_decoder *dec)
{
	const vpx_codec_dec_cfg_t cfg = { .threads = 1 };

	if (!dec->open)
		dec->open = vpx_codec_dec_init(&dec->codec, vpx_codec_vp8_dx(), &cfg, 0) ==
			    VPX_CODEC_OK;
	return dec->open;
}

static void close_codec(taut_vp8_decoder *dec)
{
	if (dec->open)
		(void)vpx_codec_destroy(&dec->codec);
	dec->open = dec->ready = false;
}

int taut_vp8_decoder_new(taut_vp8_decoder **out)
{
	*out = NULL;
	taut_vp8_decoder *dec = calloc(1, sizeof *dec);
	if (!dec)
		return TAUT_E_NOMEM;
	if (!open_codec(dec)) {
		free(dec);
		return TAUT_E_NOMEM;
	}
	*out = dec;
	return TAUT_OK;
}

void taut_vp8_decoder_free(taut_vp8_decoder *dec)
{
	if (dec)
		close_codec(dec);
	free(dec);
}

uint64_t tt_vp8_decoder_qp(taut_vp8_decoder *dec)
{
	int qp = 0;

	return vpx_codec_control(&dec->codec, VPXD_GET_LAST_QUANTIZER, &qp) == VPX_CODEC_OK &&
			       qp > 0
		       ? (unsigned)qp
		       : 0;
}

int taut_vp8_decode(taut_vp8_decoder *dec, const void *data, size_t len, struct taut_image *out)
{
	struct tt_vp8_head head;
	vpx_codec_iter_t iter = NULL;

	if (len > UINT32_MAX || !tt_vp8_head(data, len, &head) || (!head.key && !dec->ready))
		return TAUT_E_SYNTAX;
	/* 14 bits each could ask for 400 MB of pictures with ten bytes */
	if (head.width > TT_IMAGE_MAX_SIDE || head.height > TT_IMAGE_MAX_SIDE ||
	    (uint64_t)head.width * head.height > TT_IMAGE_MAX_PIXELS) {
		dec->ready = false;
		return TAUT_E_LIMIT;
	}
	if (!open_codec(dec))
		return TAUT_E_NOMEM;
	dec->ready = vpx_codec_decode(&dec->codec, data, (unsigned)len, NULL, 0) == VPX_CODEC_OK;
	if (!dec->ready) {
		/* one that got no memory for its pictures writes through NULL at the next key frame */
		close_codec(dec);
		return TAUT_E_SYNTAX;
	}
	const vpx_image_t *image = vpx_codec_get_frame(&dec->codec, &iter);
	if (!image)
		return 0;
	*out = (struct taut_image){ .size = sizeof *out,
				    .width = image->d_w,
				    .height = image->d_h };
	for (int p = 0; p < 3; p++) {
		out->planes[p] = image->planes[p];
		out->strides[p] = (uint32_t)image->stride[p];
	}
	return 1;
}
