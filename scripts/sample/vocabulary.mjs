/** @file The words of the sample corpus. Translations are one to one in both directions. */

/** @import { Pair } from '../corpora/sentences.mjs' */
/** @typedef {Pair & { counter: string }} Thing `counter`: the word that it is counted by */
/** @typedef {Pair & { particle: string }} Action `particle`: what the place takes */

/**
 * `한국어=English|…` as pairs.
 *
 * @param {string} text
 * @returns {Pair[]}
 */
function pairs(text) {
  return text
    .trim()
    .split(/\s*\|\s*/)
    .map((pair) => {
      const [ko = '', en = ''] = pair.split('=');
      return { ko, en };
    });
}

/**
 * Things and their counter.
 *
 * @param {string} counter
 * @param {string} text
 * @returns {Thing[]}
 */
function things(counter, text) {
  return pairs(text).map((thing) => ({ ...thing, counter }));
}

/**
 * Actions, with the particle of their place.
 *
 * @param {string} particle
 * @param {string} text
 * @returns {Action[]}
 */
function actions(particle, text) {
  return pairs(text).map((action) => ({ ...action, particle }));
}

export const animals = things(
  '마리',
  `고양이=cat|강아지=puppy|토끼=rabbit|말=horse|코끼리=elephant|곰=bear|여우=fox|새=bird|오리=duck|부엉이=owl|사자=lion
  |호랑이=tiger|원숭이=monkey|다람쥐=squirrel|펭귄=penguin|양=sheep|소=cow|거북이=turtle|늑대=wolf|유니콘=unicorn`,
);

export const people = things(
  '명',
  `남자=man|여자=woman|소년=boy|소녀=girl|아이=child|할머니=grandmother|할아버지=grandfather|학생=student|요리사=cook
  |화가=painter|의사=doctor|농부=farmer|군인=soldier|우주비행사=astronaut|무용수=dancer|어부=fisherman|기사=knight
  |마법사=wizard|공주=princess|간호사=nurse`,
);

/** Things that fit on a table. */
export const objects = [
  ...things(
    '개',
    `사과=apple|오렌지=orange|바나나=banana|딸기=strawberry|달걀=egg|레몬=lemon|복숭아=peach|케이크=cake|컵=cup|우산=umbrella
    |시계=clock|꽃병=vase|공=ball|가방=bag|인형=doll|열쇠=key|상자=box|풍선=balloon|모래시계=hourglass|모자=hat|거울=mirror`,
  ),
  ...things('권', '책=book|공책=notebook'),
  ...things('자루', '연필=pencil|양초=candle'),
  ...things('송이', '장미=rose|튤립=tulip|해바라기=sunflower'),
];

export const vehicles = [
  ...things('대', '자동차=car|버스=bus|자전거=bicycle|트럭=truck|오토바이=motorcycle|택시=taxi|마차=carriage'),
];

export const boats = things('척', '배=boat|돛단배=sailboat|잠수함=submarine');

export const buildings = [
  ...things('채', '집=house|오두막=cabin|성=castle'),
  ...things('개', '등대=lighthouse|풍차=windmill|탑=tower'),
];

export const colors = pairs(
  `빨간=red|파란=blue|노란=yellow|초록색=green|하얀=white|검은=black|분홍색=pink|보라색=purple|주황색=orange|갈색=brown|회색=gray`,
);

export const animalQualities = pairs(
  '작은=small|커다란=big|귀여운=cute|늙은=old|어린=young|뚱뚱한=fat|졸린=sleepy|배고픈=hungry|외로운=lonely|용감한=brave',
);

export const peopleQualities = pairs(
  '키 큰=tall|행복한=happy|슬픈=sad|피곤한=tired|외로운=lonely|용감한=brave|친절한=kind|게으른=lazy|화난=angry',
);

export const thingQualities = pairs(
  '작은=small|커다란=big|오래된=old|아름다운=beautiful|부서진=broken|반짝이는=shiny|이상한=strange|더러운=dirty|깨끗한=clean',
);

/** `자고 있다`, `자고 있는`. The place takes `에서` for an activity, and `에` for standing or sitting. */
export const animalActions = [
  ...actions(
    '에서',
    `자고=sleeping|달리고=running|걷고=walking|놀고=playing|쉬고=resting|물을 마시고=drinking water|하품을 하고=yawning
    |카메라를 바라보고=looking at the camera|먹이를 먹고=eating food|하늘을 올려다보고=looking up at the sky`,
  ),
  ...actions('에', '앉아=sitting|서=standing'),
];

export const peopleActions = actions(
  '에서',
  `책을 읽고=reading a book|그림을 그리고=painting a picture|기타를 치고=playing the guitar|피아노를 치고=playing the piano
  |노래를 부르고=singing a song|춤을 추고=dancing|커피를 마시고=drinking coffee|사진을 찍고=taking a photo
  |편지를 쓰고=writing a letter|컴퓨터 게임을 하고=playing a computer game|음악을 듣고=listening to music|요리를 하고=cooking
  |꽃에 물을 주고=watering flowers|신문을 읽고=reading a newspaper|전화를 하고=talking on the phone|공을 차고=kicking a ball
  |눈사람을 만들고=making a snowman|체스를 두고=playing chess|빵을 굽고=baking bread|자고=sleeping|달리고=running|울고=crying`,
);

/** Places of actions. */
export const places = pairs(
  `공원=in the park|바닷가=on the beach|숲속=in the forest|정원=in the garden|부엌=in the kitchen|교실=in the classroom
  |도서관=in the library|카페=at the cafe|시장=at the market|거리=on the street|다리 위=on the bridge|들판=in the field
  |산속=in the mountains|눈 속=in the snow|호숫가=by the lake|강가=by the river|지붕 위=on the roof|소파 위=on the sofa
  |나무 아래=under the tree|창가=by the window|버스 정류장=at the bus stop|기차역=at the train station|박물관=in the museum
  |무대 위=on the stage|동굴 안=in the cave|사막=in the desert|마당=in the yard|빗속=in the rain|달빛 아래=under the moonlight`,
);

/** Places where things lie: `탁자 위에 놓인`. */
export const surfaces = pairs(
  `탁자 위=on the table|책상 위=on the desk|침대 위=on the bed|바닥=on the floor|선반 위=on the shelf|바구니 안=in the basket
  |창가=by the window|접시 위=on the plate|의자 위=on the chair|풀밭 위=on the grass|모래 위=on the sand|피아노 위=on the piano
  |벽난로 앞=in front of the fireplace|램프 옆=next to the lamp|벤치 위=on the bench|계단 위=on the stairs`,
);

/** Where buildings and vehicles stand: `언덕 위에 있는`. */
export const sites = pairs(
  `언덕 위=on the hill|바닷가=on the beach|숲속=in the forest|호숫가=by the lake|강가=by the river|들판=in the field|눈 속=in the snow
  |산기슭=at the foot of the mountain|나무 옆=next to the tree|사막=in the desert|달 위=on the moon|안개 속=in the fog`,
);

export const waters = pairs(
  '바다 위=on the sea|호수 위=on the lake|강 위=on the river|물속=under the water|폭풍 속=in the storm',
);

export const journeys = pairs(
  `도로를 달리는=driving on the road|다리를 건너는=crossing the bridge|도시를 지나가는=passing through the city
  |집 앞에 서 있는=standing in front of the house|산길을 올라가는=going up the mountain road|사막을 가로지르는=crossing the desert`,
);

/** `밤에` in a sentence, `밤의` before a noun. */
export const times = pairs(
  `밤=at night|새벽=at dawn|해 질 녘=at sunset|한낮=at noon|아침=in the morning|저녁=in the evening|봄=in spring|여름=in summer
  |가을=in autumn|겨울=in winter`,
);

export const landscapes = pairs(
  `바닷가=beach|마을=village|도시=city|숲=forest|호수=lake|산=mountain|강=river|거리=street|항구=harbor|사막=desert|정원=garden|들판=field
  |폭포=waterfall|섬=island|골목=alley|공항=airport|시장=market|기차역=train station`,
);

export const landscapeQualities = pairs(
  `조용한=quiet|아름다운=beautiful|눈 덮인=snow-covered|안개 낀=foggy|텅 빈=empty|어두운=dark|붐비는=crowded|신비로운=mysterious
  |오래된=old|평화로운=peaceful|외딴=remote|버려진=abandoned`,
);

/** Clothes and their verb: `쓴` for the head, `입은` for the body, `신은` for the feet, `두른` for wrapped around. */
export const clothes = [
  { ko: '모자', en: 'hat', worn: '쓴' },
  { ko: '왕관', en: 'crown', worn: '쓴' },
  { ko: '가면', en: 'mask', worn: '쓴' },
  { ko: '외투', en: 'coat', worn: '입은' },
  { ko: '셔츠', en: 'shirt', worn: '입은' },
  { ko: '제복', en: 'uniform', worn: '입은' },
  { ko: '스웨터', en: 'sweater', worn: '입은' },
  { ko: '목도리', en: 'scarf', worn: '두른' },
  { ko: '앞치마', en: 'apron', worn: '두른' },
  { ko: '배낭', en: 'backpack', worn: '멘' },
];

export const mounts = pairs(
  '말=horse|자전거=bicycle|오토바이=motorcycle|코끼리=elephant|낙타=camel|유니콘=unicorn|당나귀=donkey|스케이트보드=skateboard|용=dragon',
);

/** `고양이의 유화`, an oil painting of a cat. */
export const pictures = pairs(
  `유화=oil painting|수채화=watercolor painting|연필 스케치=pencil sketch|흑백 사진=black and white photo|만화=cartoon|벽화=mural
  |목판화=woodblock print|디지털 그림=digital painting|조각상=statue|초상화=portrait`,
);

/** `연필로 그린 고양이`, a cat drawn with a pencil. */
export const tools = pairs('연필=a pencil|펜=a pen|크레용=crayons|목탄=charcoal|분필=chalk|붓=a brush');

/** `얼음으로 만든 고양이`, a cat made of ice. */
export const materials = pairs(
  '종이=paper|얼음=ice|나무=wood|유리=glass|눈=snow|금=gold|돌=stone|초콜릿=chocolate|흙=clay|털실=yarn|구름=clouds',
);
