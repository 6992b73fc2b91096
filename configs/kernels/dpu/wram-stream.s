; WRAM STREAM over int64, unrolled: 0 copy (c = a), 1 add (c = a + b), 2 scale (c = s a),
; 3 triad (c = a + s b), the last two with a 64-bit multiplication in software. Every tasklet works
; on its own three vectors of 1,024 bytes, REPEAT times. Data: `scalar`, `vectors` (a, b, c each).
        jeq   id, NTASKLETS-1, main
        boot  id, 1
main:   move  r5, REPEAT
        move  r20, vectors
        move  r4, id
        jz    r4, again
where:  add   r20, r20, 3072
        sub   r4, r4, 1, nz, where
again:  move  r2, r20
        add   r4, r20, 1024
        add   r3, r20, 2048
        .if OP == 0
        move  r6, 2
loop:
        ld    d8, r2, 0
        sd    r3, 0, d8
        ld    d8, r2, 8
        sd    r3, 8, d8
        ld    d8, r2, 16
        sd    r3, 16, d8
        ld    d8, r2, 24
        sd    r3, 24, d8
        ld    d8, r2, 32
        sd    r3, 32, d8
        ld    d8, r2, 40
        sd    r3, 40, d8
        ld    d8, r2, 48
        sd    r3, 48, d8
        ld    d8, r2, 56
        sd    r3, 56, d8
        ld    d8, r2, 64
        sd    r3, 64, d8
        ld    d8, r2, 72
        sd    r3, 72, d8
        ld    d8, r2, 80
        sd    r3, 80, d8
        ld    d8, r2, 88
        sd    r3, 88, d8
        ld    d8, r2, 96
        sd    r3, 96, d8
        ld    d8, r2, 104
        sd    r3, 104, d8
        ld    d8, r2, 112
        sd    r3, 112, d8
        ld    d8, r2, 120
        sd    r3, 120, d8
        ld    d8, r2, 128
        sd    r3, 128, d8
        ld    d8, r2, 136
        sd    r3, 136, d8
        ld    d8, r2, 144
        sd    r3, 144, d8
        ld    d8, r2, 152
        sd    r3, 152, d8
        ld    d8, r2, 160
        sd    r3, 160, d8
        ld    d8, r2, 168
        sd    r3, 168, d8
        ld    d8, r2, 176
        sd    r3, 176, d8
        ld    d8, r2, 184
        sd    r3, 184, d8
        ld    d8, r2, 192
        sd    r3, 192, d8
        ld    d8, r2, 200
        sd    r3, 200, d8
        ld    d8, r2, 208
        sd    r3, 208, d8
        ld    d8, r2, 216
        sd    r3, 216, d8
        ld    d8, r2, 224
        sd    r3, 224, d8
        ld    d8, r2, 232
        sd    r3, 232, d8
        ld    d8, r2, 240
        sd    r3, 240, d8
        ld    d8, r2, 248
        sd    r3, 248, d8
        ld    d8, r2, 256
        sd    r3, 256, d8
        ld    d8, r2, 264
        sd    r3, 264, d8
        ld    d8, r2, 272
        sd    r3, 272, d8
        ld    d8, r2, 280
        sd    r3, 280, d8
        ld    d8, r2, 288
        sd    r3, 288, d8
        ld    d8, r2, 296
        sd    r3, 296, d8
        ld    d8, r2, 304
        sd    r3, 304, d8
        ld    d8, r2, 312
        sd    r3, 312, d8
        ld    d8, r2, 320
        sd    r3, 320, d8
        ld    d8, r2, 328
        sd    r3, 328, d8
        ld    d8, r2, 336
        sd    r3, 336, d8
        ld    d8, r2, 344
        sd    r3, 344, d8
        ld    d8, r2, 352
        sd    r3, 352, d8
        ld    d8, r2, 360
        sd    r3, 360, d8
        ld    d8, r2, 368
        sd    r3, 368, d8
        ld    d8, r2, 376
        sd    r3, 376, d8
        ld    d8, r2, 384
        sd    r3, 384, d8
        ld    d8, r2, 392
        sd    r3, 392, d8
        ld    d8, r2, 400
        sd    r3, 400, d8
        ld    d8, r2, 408
        sd    r3, 408, d8
        ld    d8, r2, 416
        sd    r3, 416, d8
        ld    d8, r2, 424
        sd    r3, 424, d8
        ld    d8, r2, 432
        sd    r3, 432, d8
        ld    d8, r2, 440
        sd    r3, 440, d8
        ld    d8, r2, 448
        sd    r3, 448, d8
        ld    d8, r2, 456
        sd    r3, 456, d8
        ld    d8, r2, 464
        sd    r3, 464, d8
        ld    d8, r2, 472
        sd    r3, 472, d8
        ld    d8, r2, 480
        sd    r3, 480, d8
        ld    d8, r2, 488
        sd    r3, 488, d8
        ld    d8, r2, 496
        sd    r3, 496, d8
        ld    d8, r2, 504
        sd    r3, 504, d8
        add   r2, r2, 512
        add   r3, r3, 512
        sub   r6, r6, 1, nz, loop
        .endif
        .if OP == 1
        move  r6, 4
loop:
        ld    d8, r2, 0
        ld    d10, r4, 0
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 0, d8
        ld    d8, r2, 8
        ld    d10, r4, 8
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 8, d8
        ld    d8, r2, 16
        ld    d10, r4, 16
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 16, d8
        ld    d8, r2, 24
        ld    d10, r4, 24
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 24, d8
        ld    d8, r2, 32
        ld    d10, r4, 32
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 32, d8
        ld    d8, r2, 40
        ld    d10, r4, 40
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 40, d8
        ld    d8, r2, 48
        ld    d10, r4, 48
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 48, d8
        ld    d8, r2, 56
        ld    d10, r4, 56
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 56, d8
        ld    d8, r2, 64
        ld    d10, r4, 64
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 64, d8
        ld    d8, r2, 72
        ld    d10, r4, 72
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 72, d8
        ld    d8, r2, 80
        ld    d10, r4, 80
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 80, d8
        ld    d8, r2, 88
        ld    d10, r4, 88
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 88, d8
        ld    d8, r2, 96
        ld    d10, r4, 96
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 96, d8
        ld    d8, r2, 104
        ld    d10, r4, 104
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 104, d8
        ld    d8, r2, 112
        ld    d10, r4, 112
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 112, d8
        ld    d8, r2, 120
        ld    d10, r4, 120
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 120, d8
        ld    d8, r2, 128
        ld    d10, r4, 128
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 128, d8
        ld    d8, r2, 136
        ld    d10, r4, 136
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 136, d8
        ld    d8, r2, 144
        ld    d10, r4, 144
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 144, d8
        ld    d8, r2, 152
        ld    d10, r4, 152
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 152, d8
        ld    d8, r2, 160
        ld    d10, r4, 160
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 160, d8
        ld    d8, r2, 168
        ld    d10, r4, 168
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 168, d8
        ld    d8, r2, 176
        ld    d10, r4, 176
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 176, d8
        ld    d8, r2, 184
        ld    d10, r4, 184
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 184, d8
        ld    d8, r2, 192
        ld    d10, r4, 192
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 192, d8
        ld    d8, r2, 200
        ld    d10, r4, 200
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 200, d8
        ld    d8, r2, 208
        ld    d10, r4, 208
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 208, d8
        ld    d8, r2, 216
        ld    d10, r4, 216
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 216, d8
        ld    d8, r2, 224
        ld    d10, r4, 224
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 224, d8
        ld    d8, r2, 232
        ld    d10, r4, 232
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 232, d8
        ld    d8, r2, 240
        ld    d10, r4, 240
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 240, d8
        ld    d8, r2, 248
        ld    d10, r4, 248
        add   r9, r9, r11
        addc  r8, r8, r10
        sd    r3, 248, d8
        add   r2, r2, 256
        add   r3, r3, 256
        add   r4, r4, 256
        sub   r6, r6, 1, nz, loop
        .endif
        .if OP >= 2
        move  r7, 128
each:
        .if OP == 2
        ld    d8, r2, 0
        .else
        ld    d8, r4, 0
        .endif
        ld    d10, zero, scalar
        call  r23, mul64
        .if OP == 3
        ld    d8, r2, 0
        add   r13, r13, r9
        addc  r12, r12, r8
        .endif
        sd    r3, 0, d12
        add   r2, r2, 8
        add   r3, r3, 8
        add   r4, r4, 8
        sub   r7, r7, 1, nz, each
        .endif
        sub   r5, r5, 1, nz, again
done:   stop  true, done

        .include "lib/mul64.s"

        .data
        .balign 8
scalar: .quad 3
        .bss
        .balign 8
vectors: .space 3072*NTASKLETS
